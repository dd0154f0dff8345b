/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_adcs.h: the pages. A browser gets a script where a text browser gets four links; which
 * one it is the server tells by "Mozilla" in User-Agent.
 */
#include "tests/sim/sim_adcs.h"

#include "formats/base/str.h"

#include <string.h>

/* In the character set of the language's Windows: Japanese in Shift_JIS, Russian in windows-1251.
 * The Russian page has no word "ID". */
static const struct words {
    const char *language, *issued, *pending, *denied, *error, *id[2], *wait, *message[2];
} table[] = {
    {"en",
     "Certificate Issued",
     "Certificate Pending",
     "Certificate Request Denied",
     "Error",
     {"Your Request Id is ", "."},
     "However, you must wait for an administrator to issue it. Return in a day or two, within 10 "
     "days.",
     {"The disposition message is \"", "\"."}},
    {"de",
     "Zertifikat ausgestellt",
     "Zertifikat ausstehend",
     "Anforderung verweigert",
     "Fehler",
     {"Ihre Anforderungs-ID lautet ", "."},
     "Ein Administrator muss es ausstellen. Kommen Sie innerhalb von 10 Tagen wieder.",
     {"Die Meldung lautet \"", "\"."}},
    {"fr",
     "Certificat \xe9mis",
     "Certificat en attente",
     "Demande refus\xe9"
     "e",
     "Erreur",
     {"Votre ID de demande est ", "."},
     "Un administrateur doit le d\xe9livrer. Revenez dans les 10 jours.",
     {"Le message est \"", "\"."}},
    {"ja",
     "\x8f\xd8\x96\xbe\x8f\x91",
     "\x95\xdb\x97\xaf",
     "\x8b\x91\x94\xdb",
     "\x83G\x83\x89\x81[",
     {"\x97v\x8b\x81 ID \x82\xcd ", " \x82\xc5\x82\xb7\x81"
                                    "B"},
     "10 \x93\xfa",
     {"\x83\x81\x83"
      "b\x83Z\x81[\x83W \"",
      "\""}},
    {"ru",
     "\xd1\xe5\xf0\xf2\xe8\xf4\xe8\xea\xe0\xf2",
     "\xce\xe6\xe8\xe4\xe0\xed\xe8\xe5",
     "\xce\xf2\xea\xe0\xe7",
     "\xce\xf8\xe8\xe1\xea\xe0",
     {"\xca\xee\xe4 \xe7\xe0\xef\xf0\xee\xf1\xe0: ", "."},
     "10 \xe4\xed\xe5\xe9",
     {"\xd1\xee\xee\xe1\xf9\xe5\xed\xe8\xe5 \"", "\"."}},
};

static const struct words *words_of(const struct adcs_door *d)
{
    size_t i = 0;
    while (i + 1 < NITEMS(table) && !str_eq(table[i].language, d->language)) {
        i++;
    }
    return &table[i];
}

static void begin(struct reply *r, const char *title)
{
    reply_text(r, 200, "text/html", "");
    buf_printf(&r->body,
               "<HTML>\r\n<Head>\r\n<Title>Certificate Services</Title>\r\n<Script "
               "Language=\"JavaScript\">\r\n\tvar nNoise=0x80070005; // not a result\r\n</Script>"
               "\r\n</Head>\r\n<Body>\r\n<P ID=locPageTitle> <B> %s </B>\r\n<!-- Green HR -->\r\n",
               title);
}

static void end(struct reply *r)
{
    buf_puts(&r->body, "</Body>\r\n</HTML>\r\n");
}

void adcs_page_issued(struct request *q, struct reply *r, const struct adcs_door *d, const char *id)
{
    static const char *const files[] = {"certnew.cer", "certnew.p7b"};
    (void)q;
    begin(r, words_of(d)->issued);
    if (d->browser) {
        buf_printf(&r->body,
                   "<Script Language=\"JavaScript\">\r\nfunction handleGetCert() "
                   "{\r\n\tlocation=\"certnew.cer?ReqID=%s&\"+getEncoding();\r\n}\r\nfunction "
                   "handleGetChain() {\r\n\tlocation=\"certnew.p7b?ReqID=%s&\"+getEncoding();\r\n}"
                   "\r\n</Script>\r\n<A ID=locDownloadCert3 Href=\"javascript:handleGetCert();\">"
                   "</A>\r\n<A ID=locDownloadCertChain3 Href=\"javascript:handleGetChain();\"></A>"
                   "\r\n",
                   id, id);
    }
    for (size_t i = 0; !d->browser && i < 4; i++) {
        buf_printf(&r->body, "<A Href=\"%s?ReqID=%s&amp;Enc=%s\">x</A>\r\n", files[i / 2], id,
                   i % 2 ? "b64" : "bin");
    }
    end(r);
    r->outcome = "issued";
}

void adcs_page_pending(struct request *q, struct reply *r, const struct adcs_door *d,
                       const char *id)
{
    const struct words *w = words_of(d);
    (void)q;
    begin(r, w->pending);
    buf_printf(&r->body, "<P ID=locInfoReqID>\r\n%s%s%s\r\n<P ID=locInstructions>\r\n%s\r\n",
               w->id[0], id, w->id[1], w->wait);
    end(r);
    r->outcome = "pending";
}

void adcs_page_denied(struct request *q, struct reply *r, const struct adcs_door *d, const char *id,
                      const char *message)
{
    const struct words *w = words_of(d);
    (void)q;
    begin(r, w->denied);
    buf_printf(&r->body,
               "<P ID=locDenied>\r\n<P ID=locInfoReqIDandReason>\r\n%s%s%s %s%s%s\r\n<P "
               "ID=locContactAdmin>\r\n",
               w->id[0], id, w->id[1], w->message[0], message, w->message[1]);
    end(r);
    r->outcome = message;
}

static void labelled(struct reply *r, const char *id, const char *label, const char *value)
{
    buf_printf(&r->body, "<DT ID=%s>%s:</DT><DD>\r\n\t\t%s\r\n\t</DD>\r\n", id, label, value);
}

void adcs_page_error(struct request *q, struct reply *r, const struct adcs_door *d, int disposition,
                     const char *message, const char *status)
{
    begin(r, words_of(d)->error);
    buf_puts(&r->body, "<DL>\r\n");
    labelled(r, "locModeLabel", "Request Mode",
             str_starts(d->page, "certfnsh")
                 ? "newreq"
                 : "- (certnew.cer/certnew.p7b/certcrl.crl certificate/crl fetch)");
    labelled(r, "locDispLabel", "Disposition",
             disposition < 0 ? "(never set)" : arena_printf(&q->arena, "%d -", disposition));
    labelled(r, "locDispMsgLabel", "Disposition message", message);
    labelled(r, "locResultLabel", "Result", "");
    labelled(r, "locComInfoLabel", "COM Error Info", "CCertRequest");
    labelled(r, "locLastStatLabel", "LastStatus", status);
    labelled(r, "locSugCauseLabel", "Suggested Cause", "No suggestion.");
    buf_puts(&r->body, "</DL>\r\n");
    end(r);
    r->outcome = *status ? status : message;
}

void adcs_page_templates(struct reply *r, const struct adcs_door *d)
{
    static const char *const options[] = {
        "O;WebServer;1;134;1.3.6.1.4.1.311.20.2.3\">Web Server",
        "O;WebServer2;2;134;x\">Web Server 2",
        "O;Approval;2;134;x\">Approval",
        "E;Machine;1;134;x\">Computer",
    };
    begin(r, "Submit a Certificate Request or Renewal Request");
    if (!d->standalone) {
        buf_puts(&r->body, "<Select Name=lbCertTemplate ID=lbCertTemplateID>\r\n");
        for (size_t i = 0; i < NITEMS(options); i++) {
            buf_printf(&r->body, "<Option Value=\"%s\r\n", options[i]);
        }
        buf_puts(&r->body, "</Select>\r\n");
    }
    end(r);
    r->outcome = "ok";
}

void adcs_page_welcome(struct reply *r, const struct adcs_door *d)
{
    (void)d;
    begin(r, "Welcome");
    buf_puts(&r->body, "<A Href=\"certrqus.asp\"></A><A Href=\"certckpn.asp\"></A>\r\n");
    end(r);
    r->outcome = "ok";
}

void adcs_page_renewals(struct reply *r, int renewals)
{
    begin(r, "Download a CA Certificate, Certificate Chain, or CRL");
    buf_printf(&r->body, "<Script Language=\"JavaScript\">\r\n\tvar nRenewals=%d;\r\n</Script>\r\n",
               renewals);
    end(r);
    r->outcome = "ok";
}
