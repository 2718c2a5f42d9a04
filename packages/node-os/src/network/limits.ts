/** `ip` and udhcpc until it goes on in the background. */
export const networkToolMs = 60_000
/** How long an NTP server is waited for. */
export const ntpAnswerMs = 5_000
/** A clock that is further away is set; what is nearer is not worth a jump. */
export const clockOffMs = 2_000
/** NTP servers that are asked. */
export const ntpServersMax = 8
/** Interfaces of one machine that are configured. */
export const interfacesMax = 64
/** How long stage network waits for a route before it runs without one. */
export const networkWaitMs = 30_000
/** How often the routes are looked at meanwhile. */
export const networkPollMs = 500
