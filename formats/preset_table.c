/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of preset.h. Directories in the snippets are the usual ones; whoever installs the files
 * elsewhere changes them.
 */
#include "formats/preset.h"

/* clang-format off */

/* "row" is where the password of a file is found; the CSV has it after the last comma. */
#define ROW(preset, file) \
    "# Password  the row \"@ID@," preset "/" file "\" of the passwords, which travel apart from\n" \
    "#           this bundle (README.txt); one that the manifest names is where it says.\n"
#define NO_KEY \
    "# The private key is not in this bundle: it stays where the request was made.\n"
#define S_CLIENT(port) \
    "#           openssl s_client -connect @HOST@:" port " -servername @HOST@ -verify_return_error \\\n" \
    "#             -partial_chain -CAfile ../chain.pem </dev/null\n"

/* --- nginx --- */
#define NGINX_HEAD \
    "# @ID@: TLS of a server in nginx.\n" \
    "#\n"
#define NGINX_CHECK \
    "# Check     nginx -t && nginx -s reload\n" S_CLIENT("443")
#define NGINX_SERVER(key) \
    "server {\n" \
    "    listen 443 ssl;\n" \
    "    server_name @NAMES@;\n" \
    "\n" \
    "    ssl_certificate     /etc/nginx/tls/@ID@/fullchain.pem;\n" \
    key \
    "    ssl_protocols       TLSv1.2 TLSv1.3;\n" \
    "}\n"
#define NGINX_KEY "    ssl_certificate_key /etc/nginx/tls/@ID@/key.pem;\n"

/* --- Apache --- */
#define APACHE_CHECK \
    "# Check     apachectl configtest && apachectl restart\n" S_CLIENT("443")
#define APACHE_HOST \
    "<VirtualHost *:443>\n" \
    "    ServerName  @HOST@\n" \
    "    ServerAlias @NAMES@\n" \
    "\n" \
    "    SSLEngine on\n" \
    "    SSLCertificateFile    /etc/apache2/tls/@ID@/fullchain.pem\n" \
    "    SSLCertificateKeyFile /etc/apache2/tls/@ID@/key.pem\n" \
    "    SSLProtocol -all +TLSv1.2 +TLSv1.3\n" \
    "</VirtualHost>\n"

/* --- Java --- */
#define KEYTOOL_LIST(type) \
    "# Check     keytool -list -v -keystore @FILE@ -storetype " type "   (asks for the password)\n"
/* Jetty 10 and newer take the values above for these too; 9.4 has a password and a file of its own. */
#define JETTY_94(file) \
    "jetty.sslContext.keyManagerPassword=\n" \
    "jetty.sslContext.trustStorePath=etc/" file "\n"
/* The answer to a request goes into the key store where the request was made. */
#define KEYTOOL_IMPORT \
    NO_KEY \
    "# Install   keytool -importcert -keystore KEYSTORE -alias ALIAS -file @FILE@\n" \
    "#           with the key store and the alias of the request; when keytool does not know the\n" \
    "#           root, answer its question after comparing the fingerprint.\n"

#define TOMCAT_CONNECTOR(store) \
    "<Connector port=\"8443\" protocol=\"org.apache.coyote.http11.Http11NioProtocol\"\n" \
    "           SSLEnabled=\"true\" scheme=\"https\" secure=\"true\">\n" \
    "  <SSLHostConfig protocols=\"TLSv1.2+TLSv1.3\">\n" \
    store \
    "  </SSLHostConfig>\n" \
    "</Connector>\n"

#define JBOSS_CONTEXT \
    "/subsystem=elytron/key-manager=tls-@ID@:add(key-store=tls-@ID@, credential-reference={clear-text=\"${tls.@ID@.password}\"})\n" \
    "/subsystem=elytron/server-ssl-context=tls-@ID@:add(key-manager=tls-@ID@, protocols=[TLSv1.2, TLSv1.3])\n" \
    "/subsystem=undertow/server=default-server/https-listener=https:write-attribute(name=ssl-context, value=tls-@ID@)\n" \
    "reload\n"

#define WEBLOGIC_SERVER(path, alias) \
    "connect()\n" \
    "edit()\n" \
    "startEdit()\n" \
    "cd('/Servers/' + SERVER)\n" \
    "cmo.setKeyStores('CustomIdentityAndJavaStandardTrust')\n" \
    "cmo.setCustomIdentityKeyStoreFileName('" path "')\n" \
    "cmo.setCustomIdentityKeyStoreType('JKS')\n" \
    "cmo.setCustomIdentityKeyStorePassPhrase(password)\n" \
    "cd('/Servers/' + SERVER + '/SSL/' + SERVER)\n" \
    "cmo.setEnabled(true)\n" \
    "cmo.setServerPrivateKeyAlias('" alias "')\n" \
    "cmo.setServerPrivateKeyPassPhrase(password) # or the key_password of the manifest\n" \
    "save()\n" \
    "activate()\n"

#define IIS_BINDING \
    "$site = 'Default Web Site'\n" \
    "New-WebBinding -Name $site -Protocol https -Port 443 -HostHeader '@HOST@' -SslFlags 1\n" \
    "(Get-WebBinding -Name $site -Protocol https -HostHeader '@HOST@').AddSslCertificate($certificate.Thumbprint, 'My')\n"

const struct preset presets[] = {
    {"nginx", "nginx: full chain, encrypted key, server block", "pem", NULL, false, BARE_FULLCHAIN,
     "site.conf.snippet",
     NGINX_HEAD
     "# Files     copy fullchain.pem and key.pem to /etc/nginx/tls/@ID@/, owner root, mode 0600.\n"
     ROW("nginx", "key.pem")
     "#           Put it alone on the one line of /etc/nginx/tls/@ID@/password, owner root, mode\n"
     "#           0600: nginx reads it there whenever it starts or reloads.\n"
     NGINX_CHECK
     NGINX_SERVER(NGINX_KEY "    ssl_password_file   /etc/nginx/tls/@ID@/password;\n"),
     NGINX_HEAD NO_KEY
     "# Files     copy fullchain.pem to /etc/nginx/tls/@ID@/, and name the key where it is.\n"
     NGINX_CHECK
     NGINX_SERVER(NGINX_KEY)},

    {"apache", "Apache httpd with mod_ssl: full chain, encrypted key, virtual host", "pem", NULL,
     false, BARE_FULLCHAIN, "site.conf.snippet",
     "# @ID@: TLS of a virtual host in Apache httpd 2.4.8 and newer, with mod_ssl.\n"
     "#\n"
     "# Files     copy fullchain.pem and key.pem to /etc/apache2/tls/@ID@/, owner root, mode 0600.\n"
     ROW("apache", "key.pem")
     "#           Put it alone into /etc/apache2/tls/@ID@/password, owner root, mode 0600.\n"
     "#           httpd asks a program for it at each start: /etc/apache2/tls/passphrase, owner\n"
     "#           root, mode 0700, called with the name and port of the virtual host:\n"
     "#               #!/bin/sh\n"
     "#               case \"$1\" in\n"
     "#               @HOST@:*) exec cat /etc/apache2/tls/@ID@/password ;;\n"
     "#               esac\n"
     "#               exit 1\n"
     APACHE_CHECK
     "SSLPassPhraseDialog exec:/etc/apache2/tls/passphrase\n"
     APACHE_HOST,
     "# @ID@: TLS of a virtual host in Apache httpd 2.4.8 and newer, with mod_ssl.\n"
     "#\n" NO_KEY
     "# Files     copy fullchain.pem to /etc/apache2/tls/@ID@/, and name the key where it is.\n"
     APACHE_CHECK
     APACHE_HOST},

    {"tomcat", "Apache Tomcat: PKCS#12 key store, connector", "pfx", "modern", true, BARE_FULLCHAIN,
     "server.xml.snippet",
     "<!--\n"
     "# @ID@: a TLS connector of Tomcat 8.5 and newer, inside the Service of conf/server.xml.\n"
     "#\n"
     "# Files     copy @FILE@ to conf/ (CATALINA_BASE), readable by the account of Tomcat only.\n"
     ROW("tomcat", "@FILE@")
     "#           Put it into conf/catalina.properties, mode 0600, as tls.@ID@.password=PASSWORD:\n"
     "#           Tomcat fills such properties into server.xml.\n"
     KEYTOOL_LIST("PKCS12")
     S_CLIENT("8443")
     "-->\n"
     TOMCAT_CONNECTOR(
     "    <Certificate certificateKeystoreFile=\"conf/@FILE@\"\n"
     "                 certificateKeystoreType=\"PKCS12\"\n"
     "                 certificateKeystorePassword=\"${tls.@ID@.password}\"\n"
     "                 certificateKeyAlias=\"@ALIAS@\" />\n"),
     "<!--\n"
     "# @ID@: a TLS connector of Tomcat 8.5 and newer, inside the Service of conf/server.xml.\n"
     "#\n" KEYTOOL_IMPORT S_CLIENT("8443")
     "# A key in a PEM file serves as well:\n"
     "-->\n"
     TOMCAT_CONNECTOR(
     "    <Certificate certificateFile=\"conf/@FILE@\"\n"
     "                 certificateKeyFile=\"conf/key.pem\" />\n")},

    {"iis", "Microsoft IIS: PKCS#12 file for Windows Server 2019 and newer", "pfx", "windows-2019",
     false, BARE_P7B, "import.ps1.snippet",
     "# @ID@: a certificate and its binding in IIS 10, in an elevated PowerShell.\n"
     "# Windows Server 2016 and older refuse the file as a wrong password: ask for\n"
     "# {pfx: {profile: windows-2016}} beside {for: iis} there.\n"
     "#\n"
     "# Files     @FILE@ in the current directory; delete it when the key is in the store.\n"
     ROW("iis", "@FILE@")
     "#           It is asked for below and not shown.\n"
     "# Check     $certificate.HasPrivateKey; Test-Certificate $certificate\n"
     S_CLIENT("443")
     "$password = Read-Host -AsSecureString -Prompt 'Password of @FILE@'\n"
     "$certificate = Import-PfxCertificate -FilePath '.\\@FILE@' -CertStoreLocation Cert:\\LocalMachine\\My -Password $password\n"
     IIS_BINDING,
     "# @ID@: a certificate and its binding in IIS 10, in an elevated PowerShell.\n"
     "#\n" NO_KEY
     "# Install   on the machine of the request; it is matched with the key that waits there.\n"
     "# Check     $certificate.HasPrivateKey; Test-Certificate $certificate\n"
     S_CLIENT("443")
     "certreq -accept -machine '.\\@FILE@'\n"
     "$certificate = Get-ChildItem Cert:\\LocalMachine\\My | Where-Object { $_.DnsNameList.Unicode -contains '@HOST@' } | Sort-Object NotAfter | Select-Object -Last 1\n"
     IIS_BINDING},

    {"jboss", "JBoss EAP 7.1 and WildFly 11 or newer (Elytron): PKCS#12 key store", "pfx", "modern",
     true, BARE_FULLCHAIN, "elytron.cli.snippet",
     "# @ID@: TLS of JBoss EAP 7.1, WildFly 11 and newer, for bin/jboss-cli.sh -c.\n"
     "#\n"
     "# Files     copy @FILE@ to standalone/configuration/, readable by the account of the server.\n"
     ROW("jboss", "@FILE@")
     "#           Put it into tls.properties, mode 0600, as tls.@ID@.password=PASSWORD, and start\n"
     "#           the server with -P tls.properties; or use a credential store.\n"
     KEYTOOL_LIST("PKCS12")
     S_CLIENT("8443")
     "/subsystem=elytron/key-store=tls-@ID@:add(path=@FILE@, relative-to=jboss.server.config.dir, type=PKCS12, credential-reference={clear-text=\"${tls.@ID@.password}\"})\n"
     JBOSS_CONTEXT,
     "# @ID@: TLS of JBoss EAP 7.1, WildFly 11 and newer, for bin/jboss-cli.sh -c.\n"
     "#\n" KEYTOOL_IMPORT S_CLIENT("8443")
     "/subsystem=elytron/key-store=tls-@ID@:add(path=KEYSTORE, relative-to=jboss.server.config.dir, type=PKCS12, credential-reference={clear-text=\"${tls.@ID@.password}\"})\n"
     JBOSS_CONTEXT},

    {"jetty", "Eclipse Jetty 9.4 and newer: PKCS#12 key store", "pfx", "modern", true, BARE_FULLCHAIN,
     "ssl.ini.snippet",
     "# @ID@: TLS of Jetty 9.4 and newer, for start.d/ssl.ini (modules ssl and https).\n"
     "#\n"
     "# Files     copy @FILE@ to etc/ (JETTY_BASE), readable by the account of Jetty only.\n"
     ROW("jetty", "@FILE@")
     "#           Put it behind both Password=, and give ssl.ini the mode 0600.\n"
     KEYTOOL_LIST("PKCS12")
     S_CLIENT("8443")
     "jetty.ssl.port=8443\n"
     "jetty.sslContext.keyStorePath=etc/@FILE@\n"
     "jetty.sslContext.keyStoreType=PKCS12\n"
     "jetty.sslContext.keyStorePassword=\n"
     JETTY_94("@FILE@"),
     "# @ID@: TLS of Jetty 9.4 and newer, for start.d/ssl.ini (modules ssl and https).\n"
     "#\n" KEYTOOL_IMPORT S_CLIENT("8443")
     "jetty.ssl.port=8443\n"
     "jetty.sslContext.keyStorePath=etc/KEYSTORE\n"
     "jetty.sslContext.keyStorePassword=\n"
     JETTY_94("KEYSTORE")},

    {"weblogic", "Oracle WebLogic 12c and newer: JKS key store", "jks", NULL, true, BARE_FULLCHAIN,
     "identity.py.snippet",
     "# @ID@: identity of a WebLogic Server, for WLST (wlst.sh).\n"
     "#\n"
     "# Files     copy @FILE@ to /u01/oracle/tls/@ID@/, readable by the account of the server only.\n"
     ROW("weblogic", "@FILE@")
     "#           Put it alone into /u01/oracle/tls/@ID@/password, mode 0600; WebLogic keeps it\n"
     "#           encrypted, so the file can go afterwards.\n"
     KEYTOOL_LIST("JKS")
     S_CLIENT("7002")
     "SERVER = 'AdminServer'\n"
     "password = open('/u01/oracle/tls/@ID@/password').read().strip()\n"
     WEBLOGIC_SERVER("/u01/oracle/tls/@ID@/@FILE@", "@ALIAS@"),
     "# @ID@: identity of a WebLogic Server, for WLST (wlst.sh).\n"
     "#\n" KEYTOOL_IMPORT S_CLIENT("7002")
     "SERVER = 'AdminServer'\n"
     "password = open('/u01/oracle/tls/@ID@/password').read().strip()\n"
     WEBLOGIC_SERVER("KEYSTORE", "ALIAS")},
};
/* clang-format on */
const size_t presets_count = NITEMS(presets);
