import { type Infer, integer, list, object, oneOf, optional, string, timestamp } from '../schema.ts'

export const waveRequestVerbs = ['Approve', 'Promote'] as const
export const siteRequestVerbs = ['Skip', 'Force'] as const

/** A fleet of ten thousand sites, of which every tenth is spoken of. */
const requestsMax = 1_000

const who = {
  by: string('Who asked.'),
  time: timestamp('When.'),
  reason: optional(string('Why, in the words of who asked.', { maxLength: 1000 })),
}

const waveRequest = object(
  {
    verb: oneOf(
      waveRequestVerbs,
      'Approve: this wave may start. Promote: it has passed now, without more soak and more data.',
    ),
    wave: string('Name of the wave.', { maxLength: 60 }),
    attempt: integer('The attempt that it is for: a retry asks anew.', { minimum: 0 }),
    ...who,
  },
  'What a person asked of a wave.',
)
export type WaveRequest = Infer<typeof waveRequest>

const siteRequest = object(
  {
    verb: oneOf(
      siteRequestVerbs,
      'Skip: this site stays as it is. Force: it changes now, whatever its wave, windows, budgets and earlier failures.',
    ),
    site: string('Name of the site.', { maxLength: 253 }),
    ...who,
  },
  'What a person asked of a site; of several the last counts.',
)
export type SiteRequest = Infer<typeof siteRequest>

export const requestFields = {
  waves: optional(
    list(waveRequest, 'What was asked of single waves, in order.', { maxItems: requestsMax }),
  ),
  sites: optional(
    list(siteRequest, 'What was asked of single sites, in order.', { maxItems: requestsMax }),
  ),
}
