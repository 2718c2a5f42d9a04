const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The authority outlives the devices that pin it. */
export const authorityLifeMs = 20 * 365 * dayMs
export const serverCertificateLifeMs = 90 * dayMs
export const adminCertificateLifeMs = 365 * dayMs
/** The longest that a certificate lasts which somebody asked for; as in Kubernetes. */
export const clientCertificateLifeMs = 365 * dayMs
/** Short-lived: a device renews at two thirds, and a lost one is out in a day even unnoticed. */
export const deviceCertificateLifeMs = 24 * hourMs
/** A certificate is renewed when this share of its life is over. */
export const renewAtShare = 2 / 3
/** Certificates begin this much earlier, for devices whose clocks run behind. */
export const backdateMs = 10 * 60_000
/** A signing request of a P-256 key has about 450 characters. */
export const signingRequestCharactersMax = 4096
/** Signing keys that are trusted at once, the newest included. */
export const signingKeysMax = 16
/** A new signing key waits until every certificate of before has been renewed, with an hour to spare. */
export const signingKeyWaitMs = deviceCertificateLifeMs + hourMs
export const sessionLifeMs = 12 * hourMs
export const oneTimeCodeLifeMs = 10 * 60_000
/** Links that wait to be opened: `npm start` prints one. */
export const oneTimeCodesMax = 100
export const bearerCharactersMax = 512
/** A bearer token of any sort: those of identity providers name dozens of groups. */
export const tokenCharactersMax = 16_384
/** Keys for the tokens of service accounts that are trusted at once, the newest included. */
export const accountKeysMax = 16
/** Clocks of servers differ by no more. */
export const clockSkewSecondsMax = 10
/** Providers of identities in one configuration; as in Kubernetes. */
export const oidcIssuersMax = 64
/** Keys that one of them may have. */
export const issuerKeysMax = 100
/** Its keys are fetched again after this while. */
export const issuerKeysAgeMs = 10 * 60_000
/** And no sooner than this after the last time, whatever tokens name: strangers make up key names. */
export const issuerKeysRetryMs = 10_000
export const identityFetchMs = 10_000
export const identityDocumentBytesMax = 2 ** 20
/** Refused tokens of providers of identities are logged no more often. */
export const refusalLogEveryMs = 1_000
/** Tokens of service accounts whose signature is known to hold: up to 16 kB each, mostly one. */
export const provedTokensMax = 1_000
