/** Definitions as they come from the field, made small: with what they really use of schemas and rules. */
const definition = (group: string, names: object, version: object): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${(names as { plural: string }).plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names,
    versions: [{ name: 'v1', served: true, storage: true, ...version }],
  },
})

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const object = (properties: object, more: object = {}): object => ({
  type: 'object',
  properties,
  ...more,
})

/** Like Argo CD's: plain types, open values of Helm, the state beside the spec, no status subresource. */
export const applicationDefinition = definition(
  'argoproj.test.io',
  {
    plural: 'applications',
    kind: 'Application',
    shortNames: ['app', 'apps'],
    categories: ['gitops'],
  },
  {
    name: 'v1alpha1',
    additionalPrinterColumns: [
      { name: 'Sync Status', type: 'string', jsonPath: '.status.sync.status' },
      { name: 'Health Status', type: 'string', jsonPath: '.status.health.status' },
      { name: 'Project', type: 'string', jsonPath: '.spec.project', priority: 10 },
    ],
    schema: {
      openAPIV3Schema: object(
        {
          operation: object({ sync: object({ revision: text, prune: { type: 'boolean' } }) }),
          spec: object(
            {
              project: text,
              source: object(
                {
                  repoURL: text,
                  path: text,
                  helm: object({
                    valuesObject: open,
                    parameters: { type: 'array', items: object({ name: text, value: text }) },
                  }),
                },
                { required: ['repoURL'] },
              ),
              destination: object({ server: text, namespace: text }),
              ignoreDifferences: {
                type: 'array',
                items: object({ kind: text, jsonPointers: texts }, { required: ['kind'] }),
              },
              syncPolicy: object({
                automated: object({ prune: { type: 'boolean' }, selfHeal: { type: 'boolean' } }),
                retry: object({ limit: { type: 'integer', format: 'int64' } }),
              }),
            },
            { required: ['destination', 'project'] },
          ),
          status: object({
            health: object({ status: text, lastTransitionTime: { ...text, format: 'date-time' } }),
            sync: object({ status: text, revision: text }, { required: ['status'] }),
            resources: {
              type: 'array',
              items: object({ kind: text, syncWave: { type: 'integer', format: 'int64' } }),
            },
          }),
        },
        { required: ['metadata', 'spec'] },
      ),
    },
  },
)

/** Like cert-manager's and the Gateway API's: conditions as a map, status apart, rules between fields. */
export const certificateDefinition = definition(
  'cert.test.io',
  { plural: 'certificates', kind: 'Certificate', shortNames: ['cert'], categories: ['cert'] },
  {
    subresources: { status: {} },
    selectableFields: [{ jsonPath: '.spec.issuerRef.name' }],
    additionalPrinterColumns: [
      {
        name: 'Ready',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      },
      { name: 'Secret', type: 'string', jsonPath: '.spec.secretName' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
    schema: {
      openAPIV3Schema: object({
        spec: object(
          {
            secretName: { ...text, maxLength: 253 },
            duration: { ...text, maxLength: 20 },
            renewBefore: { ...text, maxLength: 20 },
            dnsNames: { ...texts, maxItems: 20, items: { ...text, maxLength: 253 } },
            usages: {
              type: 'array',
              items: { ...text, enum: ['signing', 'server auth', 'client auth'] },
            },
            issuerRef: object(
              { name: text, kind: { ...text, default: 'Issuer' } },
              { required: ['name'] },
            ),
            privateKey: object(
              {
                algorithm: { ...text, enum: ['RSA', 'ECDSA'], default: 'RSA' },
                size: { type: 'integer' },
              },
              {
                default: {},
                'x-kubernetes-validations': [
                  {
                    rule: "!has(self.size) || self.algorithm == 'RSA' ? !has(self.size) || self.size in [2048, 4096] : self.size in [256, 384]",
                    message: 'size must fit the algorithm',
                  },
                ],
              },
            ),
            listeners: {
              type: 'array',
              maxItems: 16,
              items: object(
                {
                  name: { ...text, maxLength: 63 },
                  port: { type: 'integer', minimum: 1, maximum: 65535 },
                  hostname: { ...text, maxLength: 253 },
                },
                { required: ['name', 'port'] },
              ),
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['name'],
              'x-kubernetes-validations': [
                {
                  rule: 'self.all(l1, self.exists_one(l2, l1.port == l2.port && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))',
                  message: 'Combination of port and hostname must be unique for each listener',
                },
              ],
            },
          },
          {
            required: ['secretName', 'issuerRef'],
            'x-kubernetes-validations': [
              {
                rule: '!has(self.duration) || !has(self.renewBefore) || duration(self.renewBefore) < duration(self.duration)',
                messageExpression:
                  "'renewBefore ' + self.renewBefore + ' must be less than duration ' + self.duration",
              },
              { rule: 'self.secretName == oldSelf.secretName', message: 'secretName is immutable' },
              {
                rule: "!has(self.dnsNames) || self.dnsNames.all(n, n.matches('^([*]\\\\.)?[a-z0-9.-]+$'))",
                message: 'dnsNames must be names',
              },
            ],
          },
        ),
        status: object({
          conditions: {
            type: 'array',
            items: object(
              { type: text, status: { ...text, enum: ['True', 'False', 'Unknown'] }, reason: text },
              { required: ['type', 'status'] },
            ),
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['type'],
          },
          notAfter: { ...text, format: 'date-time' },
        }),
      }),
    },
  },
)

/** Half a megabyte of schema, as those that hold whole pod templates. */
export function largeDefinition(): object {
  const leaf = { type: 'string', description: 'What it is. '.repeat(8) }
  const part = object(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`field${i}`, leaf])))
  return definition(
    'large.test.io',
    { plural: 'templates', kind: 'Template' },
    {
      schema: {
        openAPIV3Schema: object({
          spec: object(
            Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`part${i}`, part])),
          ),
        }),
      },
    },
  )
}
