import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseAgentArguments, parseNodeArguments } from './agent-arguments.ts'

const good = ['--data', '/d', '--hub', 'https://hub.example:6443']
const messageOf = (words: string[], environment = {}) => {
  const parsed = parseAgentArguments(words, environment)
  return parsed.ok ? 'ok' : parsed.message
}
const proxyOf = (hub: string, environment: Record<string, string>) => {
  const parsed = parseAgentArguments(['--data', '/d', '--hub', hub], environment)
  return parsed.ok ? parsed.config.proxy : parsed.message
}

it('each wrong argument is named', () => {
  assert.equal(messageOf(good), 'ok')
  assert.match(messageOf([]), /--data is missing/)
  assert.match(messageOf(['--data', '/d']), /--hub is missing/)
  assert.match(messageOf(['--data', '/d', '--hub', 'http://hub']), /must be an https URL/)
  assert.match(
    messageOf([...good, '--join', 'secret']),
    /--join: A join token is NAME.SECRET.DIGEST/,
  )
  assert.match(messageOf([...good, '--heartbeat-seconds', '0']), /from 1 to 86400/)
  assert.match(messageOf([...good, '--heartbeat-seconds', 'soon']), /from 1 to 86400/)
  assert.match(messageOf([...good, '--proxy', 'proxy:3128']), /must be an http URL/)
  assert.match(messageOf([...good, '--colour', 'red']), /--colour/)
})

it('a join token may come by the environment, which is nobody else’s to read', () => {
  const token = (name: string) => `${name}.${'a'.repeat(40)}.${'b'.repeat(64)}`
  const nameOf = (words: string[], environment: Record<string, string>) => {
    const parsed = parseAgentArguments([...good, ...words], environment)
    return parsed.ok ? parsed.config.join?.name : parsed.message
  }
  const environment = { SKERRY_JOIN_TOKEN: token('quiet') }
  assert.equal(nameOf([], environment), 'quiet')
  assert.equal(nameOf(['--join', token('loud')], environment), 'loud')
  assert.equal(nameOf([], { SKERRY_JOIN_TOKEN: '' }), undefined)
  assert.match(nameOf([], { SKERRY_JOIN_TOKEN: 'nonsense' }) ?? '', /NAME.SECRET.DIGEST/)
})

it('the proxy of the environment counts, save for what is near or exempt', () => {
  const proxy = 'http://proxy:3128'
  assert.equal(proxyOf('https://hub.example', { HTTPS_PROXY: proxy }), proxy)
  assert.equal(proxyOf('https://127.0.0.1:6443', { HTTPS_PROXY: proxy }), undefined)
  assert.equal(proxyOf('https://localhost', { https_proxy: proxy }), undefined)
  const exempt = { HTTPS_PROXY: proxy, NO_PROXY: 'other, .example' }
  assert.equal(proxyOf('https://hub.example', exempt), undefined)
  assert.equal(proxyOf('https://hub.example.com', exempt), proxy)
})

it('on a machine of ours all but a few words come from its configuration', () => {
  assert.equal(parseNodeArguments(good), undefined)
  assert.deepEqual(parseNodeArguments(['--node']), {
    ok: true,
    data: '/data/skerry/agent',
    images: ['/data/skerry/images'],
    modelServer: undefined,
    heartbeatMs: 60_000,
  })
  const messageOfNode = (...words: string[]) => {
    const parsed = parseNodeArguments(['--node', ...words])
    return parsed?.ok === false ? parsed.message : 'ok'
  }
  assert.equal(messageOfNode('--images', '/a', '--images', '/b', '--data', '/d'), 'ok')
  assert.match(messageOfNode('--join', 'x'), /--join is not taken with --node: write skerry\.token/)
  assert.match(messageOfNode('--heartbeat-seconds', '0'), /from 1 to 86400/)
  assert.match(messageOfNode('--colour'), /--colour/)
  assert.match(messageOf([...good, '--images', '/a']), /--images needs --node/)
})
