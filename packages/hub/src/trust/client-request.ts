import { loadX509 } from './x509.ts'

/** What a certificate signing request (PKCS #10, PEM) asks for, by whose own signature it is proved. */
export type ClientRequest = {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array<ArrayBuffer>
}

export type ParsedClientRequest =
  | { readonly ok: true; readonly request: ClientRequest }
  | { readonly ok: false; readonly message: string }

const rsaBitsMin = 2048
const rsaBitsMax = 8192
const namesMax = 100
const nameCharactersMax = 256

/** Name and groups of a user, and the key: nothing else of the request is ever signed. */
export async function parseClientRequest(pem: string): Promise<ParsedClientRequest> {
  const refuse = (message: string) => ({ ok: false, message }) as const
  const { Pkcs10CertificateRequest } = await loadX509()
  try {
    const request = new Pkcs10CertificateRequest(pem)
    const { name, modulusLength } = request.publicKey.algorithm as {
      name: string
      modulusLength?: number
    }
    if (modulusLength !== undefined && (modulusLength < rsaBitsMin || modulusLength > rsaBitsMax))
      return refuse(
        `the ${name} key has ${modulusLength} bits: must be ${rsaBitsMin} to ${rsaBitsMax}`,
      )
    if (!(await request.verify()))
      return refuse('the signature of the request does not match its key')
    const commonNames = request.subjectName.getField('CN')
    const organizations = request.subjectName.getField('O')
    const [commonName = ''] = commonNames
    if (commonNames.length > 1) return refuse('the subject has several common names: name one user')
    const names = [commonName, ...organizations]
    if (names.length > namesMax || names.some((each) => each.length > nameCharactersMax))
      return refuse(
        `the subject is too long: at most ${namesMax} names of ${nameCharactersMax} characters`,
      )
    return {
      ok: true,
      request: {
        commonName,
        organizations,
        publicKey: new Uint8Array(request.publicKey.rawData),
      },
    }
  } catch {
    return refuse('is not a readable certificate signing request (PKCS #10)')
  }
}
