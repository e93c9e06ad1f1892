"""A whole history in one pass: log stream, records, history fold, features, resumable state.

``walk`` lists commits, ``stream`` reads their diffs in that order, ``replay`` tells them to a history. On that stand ``rows``
(features of every commit), ``state`` (what is kept between runs), ``traced`` (who wrote each line) and ``survey`` (both in one
reading). ``szz`` and ``labels`` stand on the lines.
"""
