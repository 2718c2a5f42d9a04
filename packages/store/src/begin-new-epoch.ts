import { epochVersionJump } from './limits.ts'
import { connect } from './postgres-connections.ts'
import { raiseEpoch } from './sql/raise-epoch.ts'

/**
 * To be called when a database was put back from a backup by other means than `importStore`, before a hub
 * opens it: versions go on above all that the hub can have handed out since, and agents, who compare
 * the epoch first, take its word again. Answers the new epoch.
 */
export async function beginNewEpoch(databaseUrl: string): Promise<number> {
  const client = await connect(databaseUrl)
  try {
    return await raiseEpoch(client, epochVersionJump)
  } finally {
    await client.end()
  }
}
