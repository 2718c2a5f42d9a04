import type { ClientBase, Pool } from 'pg'

/** What runs a statement: a pool, or a connection within a transaction. */
export type Queryable = Pick<Pool, 'query'> | Pick<ClientBase, 'query'>
