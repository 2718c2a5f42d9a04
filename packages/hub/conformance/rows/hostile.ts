import { configMap, configMaps, rowsAbout } from '../objects.ts'
import type { Row, Step } from '../row.ts'

const one = rowsAbout('body')
const validation = rowsAbout('field validation')
const post = (text: string, more: Partial<Step> = {}): Step => ({
  ask: `POST ${configMaps}`,
  text,
  ...more,
})
const whole = (more: string): string =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}"}${more}}`
const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
const bytes = (...parts: (string | number[])[]): string =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string))).toString('base64')

const bodies: readonly Row[] = [
  one('empty', post('')),
  one('of spaces', post('  \n')),
  one('null', post('null')),
  one('a list', post('[]')),
  one('a text', post('"x"')),
  one('a number', post('1')),
  one('truncated', post('{"apiVersion":"v1","kind":"Conf')),
  one('with a comma at the end', post('{"apiVersion":"v1","kind":"ConfigMap",}')),
  one('with something after it', post(`${whole('')} x`)),
  one('two objects', post(`${whole('')}${whole('')}`)),
  one('not JSON', post('hello')),
  one('YAML called JSON', post('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {id}\n')),
  one(
    'YAML',
    post('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {id}\ndata:\n  a: "1"\n', {
      type: 'application/yaml',
    }),
  ),
  one('YAML that is wrong', post('a: b: c', { type: 'application/yaml' })),
  one(
    'YAML with a number for a text',
    post('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {id}\ndata:\n  a: 1\n', {
      type: 'application/yaml',
    }),
  ),
  one(
    'YAML with a key twice',
    post('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {id}\ndata:\n  a: "1"\n  a: "2"\n', {
      type: 'application/yaml',
    }),
  ),
  one(
    'YAML of two documents',
    post('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {id}\n---\na: b\n', {
      type: 'application/yaml',
    }),
  ),
  one('JSON called YAML', post(whole(''), { type: 'application/yaml' })),
  one('of another media type', post(whole(''), { type: 'text/plain' })),
  one('of a form', post('a=b', { type: 'application/x-www-form-urlencoded' })),
  one('without a media type', post(whole(''), { type: '' })),
  one('of JSON with a charset', post(whole(''), { type: 'application/json; charset=utf-8' })),
  one('of JSON in capitals', post(whole(''), { type: 'Application/JSON' })),
  one('of a media type that is nonsense', post(whole(''), { type: ';;;' })),
  one('of CBOR', post(whole(''), { type: 'application/cbor' })),
  one('called protobuf', post(whole(''), { type: 'application/vnd.kubernetes.protobuf' })),
  one('called gzip', post(whole(''), { headers: { 'content-encoding': 'gzip' } })),
  one('with __proto__', post(whole(',"__proto__":{"polluted":true}'))),
  one(
    'with __proto__ in metadata',
    post(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}","__proto__":{"labels":{"a":"b"}}}}',
    ),
  ),
  one(
    'with a label called __proto__',
    post(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}","labels":{"__proto__":"a"}}}',
    ),
  ),
  one('with constructor', post(whole(',"constructor":{"prototype":1}'))),
  one('100 levels deep', post(whole(`,"nonsense":${deep(100)}`))),
  one('10001 levels deep', post(whole(`,"nonsense":${deep(10_001)}`))),
  one('of many levels of lists', post('['.repeat(20_000))),
  one('with a lone surrogate', post(whole(',"data":{"a":"\\ud800"}'))),
  one('with a pair of surrogates', post(whole(',"data":{"a":"\\ud83d\\ude00"}'))),
  one('with NUL', post(whole(',"data":{"a":"\\u0000"}'))),
  one('with a control character that is not escaped', post(whole(',"data":{"a":"\u0001"}'))),
  one('with bytes that are not UTF-8', {
    ask: `POST ${configMaps}`,
    bytes: bytes(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"utf"},"data":{"a":"',
      [0xff, 0xfe],
      '"}}',
    ),
  }),
  one('with a byte order mark', post(`\ufeff${whole('')}`)),
  one(
    'with a number past 2^53',
    post(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}","generation":9007199254740993}}',
    ),
  ),
  one(
    'with a number past 2^64',
    post(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}","generation":99999999999999999999}}',
    ),
  ),
  one(
    'with a number that is a fraction',
    post('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}","generation":1.5}}'),
  ),
  one(
    'with a number that is huge',
    post('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}","generation":1e400}}'),
  ),
  one('larger than 3 MiB', post(whole(`,"data":{"a":"${'x'.repeat(3 * 2 ** 20)}"}`))),
  one(
    'of keys in other cases',
    post('{"APIVERSION":"v1","kind":"ConfigMap","metadata":{"name":"{id}"},"DATA":{"a":"b"}}'),
  ),
  one('metadata that is a list', post('{"apiVersion":"v1","kind":"ConfigMap","metadata":[]}')),
  one('metadata that is null', post('{"apiVersion":"v1","kind":"ConfigMap","metadata":null}')),
  one(
    'apiVersion that is a number',
    post('{"apiVersion":1,"kind":"ConfigMap","metadata":{"name":"{id}"}}'),
  ),
  one('kind that is a list', post('{"apiVersion":"v1","kind":[],"metadata":{"name":"{id}"}}')),
  one('kind that is a List', post('{"apiVersion":"v1","kind":"List","items":[]}')),
]

const check = (query: string, more: object, metadata: object = {}): Step => ({
  ask: `POST ${configMaps}${query}`,
  body: configMap({ ...more }, metadata),
})
const twice = (query: string, text: string): Step => ({ ask: `POST ${configMaps}${query}`, text })
const twiceData = whole(',"data":{"a":"1","a":"2"},"data":{"b":"3"}')

const validations: readonly Row[] = [
  validation('unknown, by default', check('', { nonsense: 1, more: { a: 1 } })),
  validation('unknown, ignored', check('?fieldValidation=Ignore', { nonsense: 1 })),
  validation(
    'unknown, warned of',
    check('?fieldValidation=Warn', { nonsense: 1 }, { nonsense: 2 }),
  ),
  validation(
    'unknown, strictly',
    check('?fieldValidation=Strict', { nonsense: 1, other: 2 }, { nonsense: 2 }),
  ),
  validation(
    'unknown in a list',
    check(
      '?fieldValidation=Strict',
      {},
      { ownerReferences: [{ apiVersion: 'v1', kind: 'A', name: 'a', uid: 'u', nonsense: 1 }] },
    ),
  ),
  validation('unknown called __proto__', twice('?fieldValidation=Strict', whole(',"__proto__":1'))),
  validation('by another word', check('?fieldValidation=Perhaps', {})),
  validation('by an empty word', check('?fieldValidation=', { nonsense: 1 })),
  validation('twice, by default', twice('', twiceData)),
  validation('twice, ignored', twice('?fieldValidation=Ignore', twiceData)),
  validation('twice, strictly', twice('?fieldValidation=Strict', twiceData)),
  validation(
    'twice in metadata, strictly',
    twice(
      '?fieldValidation=Strict',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}","name":"{id}","labels":{"a":"b","a":"c"}}}',
    ),
  ),
  validation(
    'twice the kind, strictly',
    twice(
      '?fieldValidation=Strict',
      '{"apiVersion":"v1","kind":"ConfigMap","kind":"ConfigMap","metadata":{"name":"{id}"}}',
    ),
  ),
  validation(
    'twice in a list, strictly',
    twice('?fieldValidation=Strict', whole(',"x":[{"a":1},{"a":1,"a":2}]')),
  ),
  validation(
    'twice and unknown, strictly',
    twice('?fieldValidation=Strict', whole(',"nonsense":1,"data":{"a":"1","a":"1"}')),
  ),
  validation(
    'twice by an escape, strictly',
    twice('?fieldValidation=Strict', whole(',"data":{"a":"1","\\u0061":"2"}')),
  ),
  validation(
    'in another case, strictly',
    twice('?fieldValidation=Strict', whole(',"Data":{"a":"1"}')),
  ),
  validation('on update', check('', {}), {
    ask: `PUT ${configMaps}/{id}?fieldValidation=Strict`,
    body: configMap({ nonsense: 1 }),
  }),
]

export const hostileRows: readonly Row[] = [...bodies, ...validations]
