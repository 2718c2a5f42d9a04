// A process that a test may kill: starts PostgreSQL, prints its URL, and stops on SIGTERM.
import { once } from 'node:events'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { startEmbeddedPostgres } from '../src/embedded-postgres.ts'

const doors = { clock: systemClock, log: silentLog }
await using postgres = await startEmbeddedPostgres({ ...doors, dataDir: process.argv[2]! })
process.stdout.write(`${postgres.databaseUrl}\n`)
await once(process, 'SIGTERM')
