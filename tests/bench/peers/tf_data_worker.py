"""tf.data at its best documented settings: the worker of compare_tf_data.py.

    tf_data_worker.py FILE.tfrecord THREADS [unordered]

Reads numbers of seconds, a line each, and answers each with the pictures a second that it made in that time. Parse,
decode, pad, crop, flip and normalise are one function, mapped in parallel and fused with the batching; prefetch; a
thread pool of its own of THREADS threads; `unordered` allows it to give examples in whatever order they are ready.
"""
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

path, threads = sys.argv[1], int(sys.argv[2])
tf.config.threading.set_inter_op_parallelism_threads(threads)
tf.config.threading.set_intra_op_parallelism_threads(threads)
MEAN = tf.constant([125.3, 123.0, 113.9])
SCALE = 1 / tf.constant([63.0, 62.1, 66.7])
FEATURES = {"image/encoded": tf.io.FixedLenFeature([], tf.string),
            "image/class/label": tf.io.FixedLenFeature([], tf.int64)}


def example(record):
    features = tf.io.parse_single_example(record, FEATURES)
    picture = tf.io.decode_jpeg(features["image/encoded"], 3)
    picture = tf.pad(picture, [[4, 4], [4, 4], [0, 0]])
    picture = tf.image.random_crop(picture, [32, 32, 3])
    picture = tf.image.random_flip_left_right(picture)
    return (tf.cast(picture, tf.float32) - MEAN) * SCALE, tf.cast(features["image/class/label"], tf.int32)


data = tf.data.TFRecordDataset(path).shuffle(10000).repeat()
data = data.map(example, num_parallel_calls=threads).batch(128, drop_remainder=True).prefetch(4)
options = tf.data.Options()
options.threading.private_threadpool_size = threads
options.threading.max_intra_op_parallelism = 1
options.experimental_optimization.map_and_batch_fusion = True
options.deterministic = "unordered" not in sys.argv
batches = iter(data.with_options(options))
for line in sys.stdin:
    pictures = 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < float(line):
        pictures += next(batches)[0].shape[0]
    print(pictures / (time.perf_counter() - begin), flush=True)
