import { useState } from "react";
import type { PostRow } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";
import { useAttempt } from "../ui/toast";

interface Props {
  readonly post: PostRow;
  readonly onEdit: () => void;
}

/** What an author can do with a post. */
export function PostMenu({ post, onEdit }: Props) {
  const { api, user } = useSession();
  const attempt = useAttempt();
  const [deleting, setDeleting] = useState(false);
  if (post.userId !== user.id) return null;
  return (
    <>
      <Menu
        label="Post actions"
        button={<Icon name="more" />}
        entries={[
          { icon: "edit", text: "Edit", onSelect: onEdit },
          { icon: "trash", text: "Delete", danger: true, onSelect: () => setDeleting(true) },
        ]}
      />
      {deleting && (
        <ConfirmDialog
          title="Delete this post?"
          text="Its comments and reactions go with it."
          confirm="Delete"
          onConfirm={() => {
            setDeleting(false);
            void attempt("The post was not deleted", api.delete(`/api/posts/${post.id}/`));
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </>
  );
}
