import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { ShellError } from '../../domain/index.ts'

/** Which addresses a connection may lead to; an operator's setting. */
export interface HostPolicy {
  /** Loopback, private and carrier-grade ranges: needed on a laptop and inside a cluster, not for guests. */
  readonly allowPrivateHosts: boolean
  /** Host names and addresses allowed whatever their range, e.g. the demo's own server. */
  readonly allowedHosts: readonly string[]
}

const never = new BlockList() // cloud metadata, link-local, multicast, unspecified: no database lives there
for (const [network, prefix] of [
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
] as const)
  never.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
  ['::', 128],
] as const)
  never.addSubnet(network, prefix, 'ipv6')

const inside = new BlockList()
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  inside.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
] as const)
  inside.addSubnet(network, prefix, 'ipv6')

/** Resolves the host once and gives the address to pin; throws `engines.host-refused` or `engines.host-unknown`. */
export async function pinHost(host: string, policy: HostPolicy): Promise<string> {
  if (!/^[A-Za-z0-9]([A-Za-z0-9.:_-]*[A-Za-z0-9])?$/.test(host) && isIP(host) === 0) {
    throw new ShellError({
      code: 'engines.host-invalid',
      kind: 'invalid',
      message: `“${host.slice(0, 80)}” is not a host name or an address.`,
      hint: 'Give one host, without port, path or list.',
    })
  }
  const address = isIP(host) === 0 ? await resolve(host) : host
  if (!policy.allowedHosts.includes(host) && isRefused(address, policy)) {
    throw new ShellError({
      code: 'engines.host-refused',
      kind: 'denied',
      message: `${host} leads into a network that connections may not reach.`,
      hint: 'An operator can open private networks with CONNECTIONS_ALLOW_PRIVATE=true; link-local and metadata addresses stay closed.',
    })
  }
  return address
}

async function resolve(host: string): Promise<string> {
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw new ShellError({
      code: 'engines.host-unknown',
      kind: 'failed',
      message: `The host ${host} is not known.`,
      hint: 'Check its spelling.',
      cause,
    })
  }
}

function isRefused(address: string, policy: HostPolicy): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return isRefused(mapped[1], policy)
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  return never.check(address, family) || (!policy.allowPrivateHosts && inside.check(address, family))
}
