import { describe, expect, test } from 'vitest'
import { isShellError } from '../../domain/index.ts'
import { pinHost, type HostPolicy } from './host-policy.ts'

const guests = { allowPrivateHosts: false, allowedHosts: [] }
const laptop = { allowPrivateHosts: true, allowedHosts: [] }

async function codeOf(host: string, policy: HostPolicy = guests): Promise<string> {
  return await pinHost(host, policy).catch((error: unknown) => (isShellError(error) ? error.code : 'internal'))
}

describe('the host of a connection', () => {
  test.each([['8.8.8.8'], ['2001:4860:4860::8888']])('%s is public and pinned as it is', async (host) => {
    expect(await codeOf(host)).toBe(host)
  })

  test.each([
    ['127.0.0.1'],
    ['127.8.9.1'],
    ['localhost'],
    ['10.1.2.3'],
    ['172.31.255.255'],
    ['192.168.0.1'],
    ['100.64.0.1'],
    ['::1'],
    ['fd12::1'],
    ['::ffff:10.0.0.1'],
    ['::ffff:7f00:1'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
    ['2130706433'],
    ['0x7f000001'],
  ])('%s is private and refused to guests', async (host) => {
    expect(await codeOf(host)).toBe('engines.host-refused')
  })

  test.each([
    ['169.254.169.254'],
    ['169.254.0.1'],
    ['0.0.0.0'],
    ['224.0.0.1'],
    ['255.255.255.255'],
    ['100.100.100.200'],
    ['fe80::1'],
    ['ff02::1'],
    ['fd00:ec2::254'],
    ['::'],
    ['::ffff:169.254.169.254'],
    ['::ffff:a9fe:a9fe'],
    ['64:ff9b::a9fe:a9fe'],
  ])('%s is never reached, also where private hosts are', async (host) => {
    expect(await codeOf(host, laptop)).toBe('engines.host-refused')
    expect(await codeOf(host, { allowPrivateHosts: false, allowedHosts: [host] })).toBe('engines.host-refused')
  })

  test('a private host may be allowed by name', async () => {
    expect(await codeOf('127.0.0.1', { allowPrivateHosts: false, allowedHosts: ['127.0.0.1'] })).toBe('127.0.0.1')
  })

  test.each([['/tmp'], ['a,b'], ['user@host'], ['host/path'], [''], ['a b'], ['-h'], ['host\u0000'], ['postgres://host']])(
    '%j is no host',
    async (host) => {
      expect(await codeOf(host, laptop)).toBe('engines.host-invalid')
    },
  )

  test('a name without an address is told as such', async () => {
    expect(await codeOf('no-such-host.invalid')).toBe('engines.host-unknown')
  })
})
