import { useId } from 'react'

type Props = {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly onChange: (value: string) => void
  /** How many are left, said to those who cannot see the table. */
  readonly result: string
}

/** The key `/` goes here from anywhere on the page. */
export function FilterBox({ label, placeholder, value, onChange, result }: Props) {
  const id = useId()
  return (
    <div className="filter" role="search">
      <label htmlFor={id} className="visually-hidden">
        {label}
      </label>
      <input
        id={id}
        type="search"
        data-filter=""
        placeholder={placeholder}
        value={value}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        aria-keyshortcuts="/"
        onChange={({ target }) => onChange(target.value)}
        onKeyDown={({ key, currentTarget }) => {
          if (key !== 'Escape') return
          if (value === '') currentTarget.blur()
          else onChange('')
        }}
      />
      <kbd aria-hidden="true">/</kbd>
      <span className="quiet" role="status">
        {result}
      </span>
    </div>
  )
}
