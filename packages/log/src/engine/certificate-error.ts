/**
 * The codes with which Node refuses the certificate of a server:
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const REFUSED = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT_)/;

/** Whether a connection has failed because the certificate of the server is not trusted. @param code of the error */
export function isCertificateError(code: string): boolean {
  return REFUSED.test(code);
}
