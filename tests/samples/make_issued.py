#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Writes the certificates issued.*.pem that rules about issued certificates are tested with: a sample
# CA of two levels, leaves for the key of good.pem, judged around 2026-11-21. Keys are new each time,
# the meaning is not. Run in the root of the repository; needs python3-cryptography.
import datetime as D
from cryptography import x509
from cryptography.x509.oid import NameOID as N, ExtendedKeyUsageOID as K, ObjectIdentifier as O
from cryptography.hazmat.primitives import hashes, serialization as S
from cryptography.hazmat.primitives.asymmetric import ec
P='tests/samples/'
csr=x509.load_pem_x509_csr(open(P+'good.pem','rb').read())
def name(**k):
    m={'C':N.COUNTRY_NAME,'ST':N.STATE_OR_PROVINCE_NAME,'L':N.LOCALITY_NAME,'O':N.ORGANIZATION_NAME,'CN':N.COMMON_NAME}
    return x509.Name([x509.NameAttribute(m[a],b) for a,b in k.items()])
rk=ec.generate_private_key(ec.SECP256R1()); ik=ec.generate_private_key(ec.SECP256R1()); ok=ec.generate_private_key(ec.SECP256R1())
root=name(C='US',O='Sample Trust',CN='Sample Root'); iss=name(C='US',O='Sample Trust',CN='Sample TLS CA'); other=name(C='US',O='Sample Trust',CN='Another CA')
def t(y,m,d): return D.datetime(y,m,d)
def ca(subj,issuer,key,sk,spk):
    b=x509.CertificateBuilder().subject_name(subj).issuer_name(issuer).public_key(key.public_key()).serial_number(x509.random_serial_number()).not_valid_before(t(2024,1,1)).not_valid_after(t(2034,1,1))
    b=b.add_extension(x509.BasicConstraints(True,None),True).add_extension(x509.KeyUsage(False,False,False,False,False,True,True,False,False),True)
    b=b.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()),False).add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(spk.public_key()),False)
    return b.sign(sk,hashes.SHA256())
R=ca(root,root,rk,rk,rk); I=ca(iss,root,ik,rk,rk); X=ca(other,root,ok,rk,rk)
def leaf(sec=199*86400,h=hashes.SHA256(),serial=0x5a1f00c0ffee00112233445566778899,eku=(K.SERVER_AUTH,),sct=True,nb=t(2026,11,21)):
    b=x509.CertificateBuilder().subject_name(name(C='US',ST='Texas',L='Austin',O='Example Corp',CN='www.example.com')).issuer_name(iss).public_key(csr.public_key()).serial_number(serial).not_valid_before(nb).not_valid_after(nb+D.timedelta(seconds=sec-1))
    b=b.add_extension(x509.SubjectAlternativeName([x509.DNSName('www.example.com')]),False)
    b=b.add_extension(x509.KeyUsage(True,False,False,False,False,False,False,False,False),True)
    b=b.add_extension(x509.ExtendedKeyUsage(list(eku)),False)
    b=b.add_extension(x509.CertificatePolicies([x509.PolicyInformation(O('2.23.140.1.2.2'),None)]),False)
    b=b.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ik.public_key()),False)
    if sct:
        one=b'\x00'+b'\x11'*32+(1795000000000).to_bytes(8,'big')+b'\x00\x00'+b'\x04\x03'+b'\x00\x08'+b'\x30\x06\x02\x01\x01\x02\x01\x01'
        l=len(one).to_bytes(2,'big')+one; l=len(l).to_bytes(2,'big')+l
        b=b.add_extension(x509.UnrecognizedExtension(O('1.3.6.1.4.1.11129.2.4.2'),bytes([4,len(l)])+l),False)
    return b.sign(ik,h)
def out(f,*cs): open(P+f,'wb').write(b''.join(c.public_bytes(S.Encoding.PEM) for c in cs))
out('issued.good.pem',leaf(),I,R)
out('issued.validity.max.pem',leaf(sec=200*86400+1))
out('issued.validity.cap.pem',leaf(sec=200*86400))
out('issued.chain.pem',leaf(),X,R)
out('issued.chain.order.pem',leaf(),R,I)
out('issued.signature.pem',leaf(h=hashes.SHA384()))
out('issued.serial.pem',leaf(serial=0x1000001))
out('issued.serial.octets.pem',leaf(serial=0x10000000000001))
out('issued.eku.pem',leaf(eku=(K.CLIENT_AUTH,)))
out('issued.eku.client.pem',leaf(eku=(K.SERVER_AUTH,K.CLIENT_AUTH),nb=t(2027,3,15),sec=99*86400))
out('issued.eku.before.pem',leaf(eku=(K.SERVER_AUTH,K.CLIENT_AUTH),nb=t(2027,3,14),sec=99*86400))
out('issued.sct.pem',leaf(sct=False))
