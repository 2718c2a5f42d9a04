import 'reflect-metadata'

/**
 * The library that writes certificates, loaded when the first one is written: checking them takes
 * nothing but `node:crypto`.
 */
export const loadX509 = () => import('@peculiar/x509')

/** ECDSA with P-256, which every TLS library and TPM can do. */
export const certificateAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
