import { configMaps, given, partialType, rowsAbout, tableType } from '../objects.ts'
import type { Row } from '../row.ts'

const one = rowsAbout('path')
const accepting = rowsAbout('accept')
const get = (accept: string) => ({ ask: `${configMaps}/{id}`, accept })

const paths: readonly Row[] = [
  one('nothing', '/apis/nonsense'),
  one('a group that is not there', '/apis/nonsense.example.com/v1'),
  one('a version that is not there', '/api/v2'),
  one('a version of a group that is not there', '/apis/coordination.k8s.io/v9'),
  one('a resource that is not there', '/api/v1/namespaces/{ns}/nonsenses'),
  one('an object of a resource that is not there', '/api/v1/namespaces/{ns}/nonsenses/x'),
  one('a subresource that is not there', given(), `${configMaps}/{id}/nonsense`),
  one('a subresource that is not there, of nothing', `${configMaps}/{id}/nonsense`),
  one('status of what has none', given(), `${configMaps}/{id}/status`),
  one('a cluster-wide resource in a namespace', '/api/v1/namespaces/{ns}/namespaces'),
  one('an object without its namespace', given(), '/api/v1/configmaps/{id}'),
  one('a slash at the end of a list', `${configMaps}/?labelSelector=none`),
  one('a slash at the end of an object', given(), `${configMaps}/{id}/`),
  one('two slashes', given(), `/api/v1//namespaces/{ns}/configmaps/{id}`),
  one('too many parts', given(), `${configMaps}/{id}/a/b/c`),
  one('POST to a version', { ask: 'POST /api/v1', body: {} }),
  one('DELETE of discovery', 'DELETE /apis'),
  one('POST to discovery', { ask: 'POST /apis', body: {} }),
  one('OPTIONS of a list', `OPTIONS ${configMaps}`),
  one('OPTIONS of an object', given(), `OPTIONS ${configMaps}/{id}`),
  one('TRACE of an object', given(), `TRACE ${configMaps}/{id}`),
  one('PUT to a list', { ask: `PUT ${configMaps}`, body: {} }),
  one('PATCH of a list', {
    ask: `PATCH ${configMaps}`,
    body: {},
    type: 'application/merge-patch+json',
  }),
  one('POST to an object', given(), { ask: `POST ${configMaps}/{id}`, body: {} }),
  one('another method', given(), `PURGE ${configMaps}/{id}`),
  one('the old way to watch', `/api/v1/watch/namespaces/{ns}/nonsenses`),
  one('the proxy of nothing', '/api/v1/proxy'),
  one('an object that is called namespaces', '/api/v1/namespaces/namespaces'),
]

const accepts: readonly Row[] = [
  accepting('anything', given(), get('*/*')),
  accepting('any application', given(), get('application/*')),
  accepting('JSON with a charset', given(), get('application/json;charset=utf-8')),
  accepting('text', given(), get('text/plain')),
  accepting('html', given(), get('text/html')),
  accepting('an unknown type', given(), get('application/nonsense')),
  accepting('something else or JSON', given(), get('application/nonsense, application/json')),
  accepting('text or anything', given(), get('text/html, */*;q=0.1')),
  accepting('JSON not at all', given(), get('application/json;q=0')),
  accepting('yaml above JSON', given(), get('application/json;q=0.5, application/yaml;q=0.9')),
  accepting('CBOR', given(), get('application/cbor')),
  accepting('nonsense', given(), get(';;;,,,')),
  accepting('nothing', given(), get('')),
  accepting(
    'a table of a version that is not there',
    given(),
    get('application/json;as=Table;v=v9;g=meta.k8s.io'),
  ),
  accepting(
    'a table of another group',
    given(),
    get('application/json;as=Table;v=v1;g=example.com'),
  ),
  accepting('a table without a group', given(), get('application/json;as=Table')),
  accepting('another shape', given(), get('application/json;as=Nonsense;v=v1;g=meta.k8s.io')),
  accepting('a table or JSON', given(), get(`${tableType},application/json`)),
  accepting(
    'a table of another version or JSON',
    given(),
    get('application/json;as=Table;v=v9;g=meta.k8s.io,application/json'),
  ),
  accepting(
    'a table of v1beta1',
    given(),
    get('application/json;as=Table;v=v1beta1;g=meta.k8s.io'),
  ),
  accepting('a table as yaml', given(), get('application/yaml;as=Table;v=v1;g=meta.k8s.io')),
  accepting('metadata as yaml', given(), get(partialType.replace('json', 'yaml'))),
  accepting('a table of discovery', { ask: '/api/v1', accept: tableType }),
  accepting('yaml of discovery', {
    ask: '/apis/coordination.k8s.io/v1',
    accept: 'application/yaml',
  }),
  accepting('yaml of an error', { ask: `${configMaps}/{id}`, accept: 'application/yaml' }),
  accepting('a table of an error', { ask: `${configMaps}/{id}`, accept: tableType }),
  accepting('text of an error', { ask: `${configMaps}/{id}`, accept: 'text/plain' }),
]

export const pathRows: readonly Row[] = [...paths, ...accepts]
