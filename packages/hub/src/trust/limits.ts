const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The authority outlives the devices that pin it. */
export const authorityLifeMs = 20 * 365 * dayMs
export const serverCertificateLifeMs = 90 * dayMs
export const adminCertificateLifeMs = 365 * dayMs
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
