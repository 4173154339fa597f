import type { ReactionKind } from "../api/rows";

export const KINDS: Readonly<Record<ReactionKind, { readonly emoji: string; readonly name: string }>> = {
  like: { emoji: "👍", name: "Like" },
  love: { emoji: "❤️", name: "Love" },
  laugh: { emoji: "😂", name: "Laugh" },
  wow: { emoji: "😮", name: "Wow" },
  sad: { emoji: "😢", name: "Sad" },
  celebrate: { emoji: "🎉", name: "Celebrate" },
};
