import { Client } from '../../src/contract/index.ts'
import { createMcpStdio } from '../../src/surfaces/mcp/index.ts'

/** `aishell mcp` as far as its stdio goes: a process between an agent and a server. Arguments: base URL, token. */
const [baseUrl = '', token = ''] = process.argv.slice(2)
const client = new Client({ baseUrl, token, surface: 'mcp' })
await createMcpStdio({ client, input: process.stdin, output: process.stdout }).ended
