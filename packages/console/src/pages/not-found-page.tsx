import { EmptyNotice } from '../parts/notices.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { hrefOf } from '../routes.ts'

type Props = { readonly what: string; readonly namespace: string }

export default function NotFoundPage({ what, namespace }: Props) {
  return (
    <>
      <PageHead title="Not found" />
      <EmptyNotice title={`${what} is not there`}>
        <p>It may have been deleted, or the address is wrong.</p>
        <a className="button" href={hrefOf('sites', { namespace })}>
          To the sites
        </a>
      </EmptyNotice>
    </>
  )
}
