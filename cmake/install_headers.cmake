# Copies the headers of the public interface to DESTINATION/sluice/, run by `cmake --install`. Inside the tree they
# include each other as "core/tensor.h"; outside as "sluice/core/tensor.h", so that a program may have a core/ of its own.
# SOURCE and BINARY are the project's folders.
set(public
  core/*.h
  graph/device_name.h graph/export.h graph/gradients.h graph/graph.h graph/import.h graph/place.h graph/propagate.h
  graph/scope.h
  io/augment.h io/bad_examples.h io/checkpoint.h io/checkpoint_manager.h io/checkpoint_reader.h io/checkpoint_writer.h io/color_statistics.h
  io/dataset.h io/event_reader.h io/event_writer.h io/example_random.h io/example_source.h io/file.h io/histogram.h io/idx.h
  io/image.h io/input_pipeline.h io/jpeg.h io/npy.h io/picture_store.h io/plan_file.h io/png.h io/resize.h io/summary.h io/tfrecord.h
  models/*.h
  ops/*.h
  runtime/devices.h runtime/plugin.h runtime/runtime.h runtime/session.h runtime/session_options.h
  tools/opgen/opgen.h)
set(generated core/build_hash.h graph/builders.h)

function(copy_header from to)
  file(READ "${from}" text)
  string(REGEX REPLACE "#include \"(core|graph|io|models|ops|runtime|tools/opgen)/" "#include \"sluice/\\1/" text "${text}")
  file(WRITE "${DESTINATION}/sluice/${to}" "${text}")
endfunction()

foreach(pattern IN LISTS public)
  file(GLOB headers RELATIVE "${SOURCE}" "${SOURCE}/${pattern}")
  foreach(header IN LISTS headers)
    copy_header("${SOURCE}/${header}" "${header}")
  endforeach()
endforeach()
foreach(header IN LISTS generated)
  copy_header("${BINARY}/generated/${header}" "${header}")
endforeach()
copy_header("${SOURCE}/runtime/sluice.h" sluice.h)
