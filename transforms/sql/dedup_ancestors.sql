-- One step towards the first text that a component descends from: the parent's parent. Repeated until nothing changes.
-- In: parents(root, parent). Out: root, parent.
SELECT own.root, coalesce(above.parent, own.parent) AS parent
FROM parents AS own
LEFT JOIN parents AS above ON own.parent = above.root
