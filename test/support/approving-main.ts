// A server that approves one request and runs it, and may be killed at any moment: its order comes on stdin as JSON.
import { text } from 'node:stream/consumers'
import { Secret } from '../../src/domain/index.ts'
import type { StoreAddress } from '../../src/platform/store/index.ts'
import { approvalRig } from './approval-rig.ts'

const order = JSON.parse(await text(process.stdin)) as { address: StoreAddress & { password: string }; token: string; id: string } // written by whoever started it
const rig = await approvalRig({ ...order.address, password: new Secret(order.address.password) })
const actor = await rig.actor(order.token)
console.log('ready')
const { state } = await rig.desk.approve(actor, order.id, null).catch((error: { code: string }) => ({ state: error.code }))
console.log(state)
await rig.close()
