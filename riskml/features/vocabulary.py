"""Words of code that mean the same in most languages, in lower case.

A word counts wherever it stands as a word of its own; what it does there is not parsed. That errs now and then, alike in every
repository, and is why the features built on it are counts for a model and not findings for a reader.
"""

from __future__ import annotations


def _words(text: bytes) -> frozenset[bytes]:
    return frozenset(text.split())


CONDITIONALS = _words(b"if elif elsif elseif unless switch case when guard")
LOOPS = _words(b"for while foreach loop until")
HANDLERS = _words(b"catch except rescue")
ERRORS = HANDLERS | _words(b"try finally throw throws raise ensure panic recover err unwrap")
CONCURRENCY = _words(b"""
    synchronized volatile thread threads threading runnable callable executor executors executorservice threadpoolexecutor lock
    locks unlock trylock mutex rwmutex rwlock reentrantlock reentrantreadwritelock readlock writelock semaphore countdownlatch
    cyclicbarrier atomic atomicinteger atomiclong atomicboolean atomicreference concurrenthashmap concurrentmap
    copyonwritearraylist completablefuture future futures promise async await asyncio chan waitgroup notify notifyall wait
    interrupt interrupted interruptedexception coroutine suspend actor multiprocessing go
""")
IO = _words(b"""
    inputstream outputstream fileinputstream fileoutputstream bufferedreader bufferedwriter filereader filewriter
    randomaccessfile filechannel bytebuffer socket serversocket socketchannel urlconnection httpurlconnection httpclient fetch
    axios requests urllib open read write close flush fsync connect recv send preparedstatement resultset executequery
    executeupdate cursor query transaction commit rollback filesystem mkdir mkdirs unlink fopen fread fwrite fclose
""")
NULLS = _words(b"null nil none undefined nullptr optional nullable notnull nonnull requirenonnull ispresent")
PUBLIC = _words(b"public export exports pub")

KNOWN = CONDITIONALS | LOOPS | ERRORS | CONCURRENCY | IO | NULLS | PUBLIC
"""All words that are counted."""
