import { startScratchServer } from './postgres-server.ts'

/** Starts one PostgreSQL for all test files; each file makes its own databases in it. */
export default async function setup(): Promise<() => Promise<void>> {
  const server = await startScratchServer()
  const { host, port, user, password } = server
  process.env['AISHELL_TEST_SERVER'] = JSON.stringify({ host, port, user, password: password.reveal() })
  return () => server.stop()
}
