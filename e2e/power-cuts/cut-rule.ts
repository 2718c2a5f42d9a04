import { type CutRule, everyEntryBoots } from '@skerry/factory/lab/inspected-disk'

/**
 * What must hold wherever the power goes: the loader starts an image that is whole, no entry that it may come
 * to is broken, and an image that is on trial, or that nobody has tried, has another behind it.
 */
export const survivesCut: CutRule = (disk) => {
  const [chosen, ...behind] = disk.entries
  const others = behind.filter(
    ({ imageId, problem }) => problem === undefined && imageId !== chosen?.imageId,
  )
  const isAlone = chosen?.triesLeft !== undefined && others.length === 0
  return [
    ...everyEntryBoots(disk),
    ...(isAlone ? [`${chosen.fileName} is counted and no other image stands behind it`] : []),
  ]
}
