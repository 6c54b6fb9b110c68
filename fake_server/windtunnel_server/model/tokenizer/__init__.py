"""Claude's tokens counted offline: text in, a number out.

After ctok (see vocabulary/README.md), whose measured rules and vocabularies these modules follow, so that the counts
are the same; the code is another, made for speed. `text` levels what the models do not tell apart, `kinds` sorts
characters, `runs` cuts a text into runs of one kind, `marks` writes words with signs for their borders and capitals,
`tiles` covers that with as few pieces as it can, `count` puts them together and remembers words. Nothing is imported
here: `count` is for those who count.
"""
