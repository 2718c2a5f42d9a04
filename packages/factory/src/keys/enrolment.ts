import type { OwnedCertificate } from './efi-variable-update.ts'
import { efiSignatureList, efiVariableUpdate } from './efi-variable-update.ts'
import { efiGuids } from './efi-guid.ts'
import type { SecureBootKey } from './key-files.ts'
import type { MicrosoftCertificates } from './microsoft-certificates.ts'
import { openSigner, readPublicKeys } from './open-keys.ts'

export type EnrolmentRequest = {
  readonly passphrase: string
  /** Whose option ROMs and loaders are to be accepted too. */
  readonly microsoft?: MicrosoftCertificates | undefined
  /** When it was issued: a firmware that has an older one takes it. Without: when the keys were made. */
  readonly issuedAtMs?: number | undefined
}

/** The signed contents of the firmware's variables, as `loader/keys/auto/*.auth`. */
export type Enrolment = Readonly<Record<SecureBootKey, Buffer>>

/** Equal keys and choices give equal bytes. */
export async function enrolmentOf(
  directory: string,
  { passphrase, microsoft, issuedAtMs }: EnrolmentRequest,
): Promise<Enrolment> {
  const keys = await readPublicKeys(directory)
  const platform = await openSigner(directory, 'PK', passphrase)
  const exchange = await openSigner(directory, 'KEK', passphrase)
  const at = issuedAtMs ?? keys.createdAtMs
  const own = (name: SecureBootKey): OwnedCertificate => ({
    owner: keys.owner,
    certificate: keys.certificates[name],
  })
  const theirs = (name: keyof MicrosoftCertificates): OwnedCertificate[] =>
    (microsoft?.[name] ?? []).map((certificate) => ({ owner: efiGuids.microsoft, certificate }))
  return {
    PK: efiVariableUpdate('PK', efiSignatureList([own('PK')]), at, platform),
    KEK: efiVariableUpdate('KEK', efiSignatureList([own('KEK'), ...theirs('KEK')]), at, platform),
    db: efiVariableUpdate('db', efiSignatureList([own('db'), ...theirs('db')]), at, exchange),
  }
}
