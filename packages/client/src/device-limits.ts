/** A site spec of 8 MiB and its base64, as the hub may send it in one frame. */
export const frameBytesMax = 12 * 2 ** 20
/** An answer that is not a spec: a certificate, an acknowledgement, a sentence. */
export const answerBytesMax = 256 * 1024
/**
 * What a blob download may have on its way: 25 Mbit/s at 80 ms. More would be faster on a good link, and
 * would let a site spec wait longer behind it on a bad one.
 */
export const streamWindowBytes = 256 * 1024
export const connectionWindowBytes = 512 * 1024
/** How much of a large body is ready to be sent at once. */
export const pieceBytes = 8 * 1024
/** An unanswered PING means a dead connection after this. */
export const pingAnswerMsMax = 20_000
/** Streams that the hub may open in the reverse direction at once. */
export const reverseStreamsMax = 64
/** Smaller bodies are sent as they are. */
export const packedBytesMin = 200
