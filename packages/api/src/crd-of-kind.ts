import type { AnyKind } from './kind.ts'
import type { Schema } from './schema.ts'

/**
 * A kind as the CustomResourceDefinition (apiextensions.k8s.io/v1) that gives a Kubernetes cluster the
 * same kind: the same schema, columns and subresources, without the rules that only code can say. For
 * comparing the hub with a kube-apiserver, and for serving our kinds on a site's cluster.
 */
export function crdOfKind(kind: AnyKind): {
  apiVersion: string
  kind: string
  metadata: { name: string }
  spec: Record<string, unknown>
} {
  const { group, plural, singular, shortNames, categories } = kind
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        plural,
        singular,
        kind: kind.kind,
        listKind: kind.listKind ?? `${kind.kind}List`,
        shortNames,
        categories,
      },
      scope: kind.scope === 'Cluster' ? 'Cluster' : 'Namespaced',
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: structural(kind.schema) },
          ...(kind.hasStatus ? { subresources: { status: {} } } : {}),
          additionalPrinterColumns: kind.columns.map(
            ({ name, type, path, description, priority }) => ({
              name,
              type,
              jsonPath: path,
              description,
              ...(priority === undefined ? {} : { priority }),
            }),
          ),
          selectableFields: kind.selectableFields.map((path) => ({ jsonPath: `.${path}` })),
        },
      ],
    },
  }
}

function structural(schema: Schema): Record<string, unknown> {
  const { properties, items, additionalProperties, ...plain } = schema
  const members = Object.entries(properties ?? {})
  return {
    ...plain,
    ...(items === undefined ? {} : { items: structural(items) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: structural(additionalProperties) }),
    ...(members.length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            members.map(([name, member]) => [name, structural(member)]),
          ),
        }),
  }
}
