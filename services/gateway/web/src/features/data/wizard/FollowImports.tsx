import { useEffect, useEffectEvent } from "react";
import type { Import } from "@/api/types";
import { useImportNote } from "./ImportNote";

/** Follows imports that ran already when the page was opened, whose messages a reload took away. Shows nothing of its own. */
export default function FollowImports({ items }: { items: readonly Import[] }) {
  const follow = useImportNote();
  const begin = useEffectEvent(() => items.forEach(({ id, file_name }) => follow(id, file_name)));
  useEffect(() => begin(), []);
  return null;
}
