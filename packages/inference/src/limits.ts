/** Where each number comes from is said beside it; a server may be given others. */
export type InferenceLimits = {
  /** Images and short audio fit many times over; what is larger belongs in smaller requests. */
  readonly bodyBytesMax: number
  /** JSON of 16 MiB parses within a second and into some 150 MiB; larger tensors go as binary. */
  readonly jsonBytesMax: number
  /** All bodies that are held at once: four of the largest. */
  readonly bodiesBytesMax: number
  /** A body that is refused is read to its end, so that the client sees the answer; not for ever. */
  readonly discardBytesMax: number
  readonly jsonDepthMax: number
  /** Lists, objects and strings: half a million are some 30 MiB. */
  readonly jsonStructuresMax: number
  readonly headerBytesMax: number
  /** Some hundred clients stand in front of a site's model; past this the next one is told to wait. */
  readonly queueRequestsMax: number
  readonly connectionsMax: number
  /** Announced to clients as `Keep-Alive: timeout=5`; Node waits one second more before it closes. */
  readonly keepAliveMs: number
  readonly keepAliveBufferMs: number
  readonly headersTimeoutMs: number
  /** Node looks this often for what is overdue. */
  readonly timeoutCheckMs: number
  readonly requestTimeoutMs: number
  /** How long a truth may come after its answer, and how many answers (rows) wait for theirs. */
  readonly truthAgeMsMax: number
  readonly truthRowsMax: number
  readonly truthsPerRequestMax: number
  readonly truthBytesMax: number
}

export const defaultLimits: InferenceLimits = {
  bodyBytesMax: 64 * 2 ** 20,
  jsonBytesMax: 16 * 2 ** 20,
  bodiesBytesMax: 256 * 2 ** 20,
  discardBytesMax: 256 * 2 ** 20,
  jsonDepthMax: 64,
  jsonStructuresMax: 500_000,
  headerBytesMax: 16 * 2 ** 10,
  queueRequestsMax: 256,
  connectionsMax: 1024,
  keepAliveMs: 5_000,
  keepAliveBufferMs: 1_000,
  headersTimeoutMs: 60_000,
  timeoutCheckMs: 10_000,
  requestTimeoutMs: 120_000,
  truthAgeMsMax: 10 * 60_000,
  truthRowsMax: 65_536,
  truthsPerRequestMax: 4096,
  truthBytesMax: 2 ** 20,
}

/** Protocol buffers cannot be larger, and ONNX models are one. */
export const modelFileBytesMax = 2 ** 31 - 1

/** Graphs within graphs (If, Loop): real models nest a handful deep. */
export const graphDepthMax = 32

/** A request's id is a name, not a document. */
export const idCharactersMax = 256

/** ImageNet has 1000 classes; more than these are counted together as `other`. */
export const classesMax = 1024

/** Elements of one self-test input: 256 MiB of FP32. */
export const selfTestElementsMax = 64 * 2 ** 20

/** What a message quotes of a value that somebody sent. */
export const quotedCharactersMax = 60

/** What a refusal quotes of ONNX Runtime's own words. */
export const runtimeMessageCharactersMax = 400

/** After its parent died a process finishes what is under way, and no more. */
export const orphanDeadlineMs = 2_000

/** Loading and testing a model at the door. The hub gives up after 60 s: the sentence comes before. */
export const inspectionMsMax = 50_000

/** One line of JSON with a signature; a model with a thousand tensors needs about 100 KiB. */
export const inspectionBytesMax = 4 * 2 ** 20
