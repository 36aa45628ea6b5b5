/** Tags, those of most jobs first. */

import { withQuery } from "../api.ts";
import { count } from "../format.ts";
import { useLive } from "../live.ts";
import { Empty, Heading, Shown, Table, Text } from "../parts/small.tsx";
import { link } from "../state.ts";

export function Tags() {
  const loaded = useLive<{ tags: readonly { readonly tag: string; readonly count: number }[] }>(
    withQuery("/tags", { limit: 500 }),
  );
  return (
    <>
      <Heading>Tags</Heading>
      <Shown loaded={loaded}>
        {({ tags }) =>
          tags.length === 0
            ? <Empty>No job has a tag.</Empty>
            : (
              <Table label="Tags" heads={["Tag", "#Jobs"]}>
                {tags.map(({ tag, count: size }) => (
                  <tr key={tag}>
                    <td>
                      <a href={link(["jobs"], { tag })}>
                        <Text of={tag} />
                      </a>
                    </td>
                    <td class="number">{count(size)}</td>
                  </tr>
                ))}
              </Table>
            )}
      </Shown>
    </>
  );
}
