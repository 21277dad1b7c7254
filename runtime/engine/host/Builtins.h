// The host functions that the engine brings, by name. All have version 1.
//
// Semantics are those of the ONNX operators of opset 18. Inputs and outputs come in the operator's order; optional
// inputs may be absent. Attributes are integers, in this order:
//
//   nonzero                  Indices of non-zero elements: i64 [rank, n], row-major order.       (no attributes)
//   unique                   outputs Y, indices, inverse_indices, counts                         sorted, has_axis, axis
//   compress                 input, condition                                                    has_axis, axis
//   non_max_suppression      boxes, scores, max_output_boxes_per_class, iou_threshold,
//                            score_threshold -> i64 [n, 3]                                       center_point_box
//   sequence_empty           -> empty sequence                                                   dtype
//   sequence_construct       elements -> sequence
//   sequence_insert          sequence, element, position?
//   sequence_erase           sequence, position?
//   sequence_at              sequence, position
//   sequence_length          sequence -> i64 []
//   split_to_sequence        input, split?                                                       axis, keepdims
//   concat_from_sequence     sequence                                                            axis, new_axis
//   optional_make            element? -> optional                                                dtype
//   optional_get             optional (or the element itself) -> element
//   optional_has             optional? -> bool []
//   string_equal             A, B (numpy broadcasting) -> bool
//   string_concat            A, B (numpy broadcasting) -> strings
//   string_split             X -> strings [..., max], i64 counts;   X, delimiter?                maxsplit (-1: all)
//   string_normalizer        X [C] or [1, C], stopwords?                                         case_change_action (0
//                            none, 1 lower, 2 upper), is_case_sensitive
//   string_copy              X -> the same strings                                               (shape: new dims, of
//                            the same element count; none: as X)
//   string_gather            X, indices                                                          axis
//   numbers_to_strings       X -> numerals: as few digits as read back to the same number
//   strings_to_numbers       X -> numbers                                                        dtype
//   string_constant          u8: the length of each string in 8 bytes, low ones first, then      dims
//                            the texts -> strings
//   string_pick              indices, sources -> strings of all sources, one after the other,
//                            each in row-major order; in the indices' shape
//   regex_match              X -> bool: whether all of each string matches                       three numbers per instruction:
//                                                                                                0 match; 1 goes on at x and y;
//                                                                                                2 takes a character of [x, y];
//                                                                                                3 where place x holds (start and
//                                                                                                end of text, of line, boundary of
//                                                                                                words, none)
//   unpack_bits              elements of 2 or 4 bits -> bytes: i8 or u8; floats keep their bits
//   pack_bits                bytes -> elements of 2 or 4 bits                                    dtype
//   value_copy               any value -> the same value
//   check_indices            indices; fails unless element i is at least low[j] and below        low[0], high[0], ...
//                            high[j], j = i modulo their number
//   scatter_elements         data, indices, updates -> data with the updates; of several that    axis, reduction (0 none,
//                            meet the last one stays, or they are combined in their order        1 add, 2 mul, 3 max, 4 min)
//   scatter_nd               data, indices, updates, as above                                    reduction
//   top_k                    X -> values, i64 indices; equal elements in their order             axis, largest, k
#pragma once
#include "host/HostCall.h"

namespace dlc::rt {

/// Finds one of the functions above; false when there is none of at least this version.
bool findBuiltin(const char *name, uint32_t version, dlc_host_function &out);

dlc_status hostNonzero(dlc_host_call *call, void *);
dlc_status hostUnique(dlc_host_call *call, void *);
dlc_status hostCompress(dlc_host_call *call, void *);
dlc_status hostNonMaxSuppression(dlc_host_call *call, void *);
dlc_status hostSequenceEmpty(dlc_host_call *call, void *);
dlc_status hostSequenceConstruct(dlc_host_call *call, void *);
dlc_status hostSequenceInsert(dlc_host_call *call, void *);
dlc_status hostSequenceErase(dlc_host_call *call, void *);
dlc_status hostSequenceAt(dlc_host_call *call, void *);
dlc_status hostSequenceLength(dlc_host_call *call, void *);
dlc_status hostSplitToSequence(dlc_host_call *call, void *);
dlc_status hostConcatFromSequence(dlc_host_call *call, void *);
dlc_status hostOptionalMake(dlc_host_call *call, void *);
dlc_status hostOptionalGet(dlc_host_call *call, void *);
dlc_status hostOptionalHas(dlc_host_call *call, void *);
dlc_status hostStringEqual(dlc_host_call *call, void *);
dlc_status hostStringConcat(dlc_host_call *call, void *);
dlc_status hostStringSplit(dlc_host_call *call, void *);
dlc_status hostStringNormalizer(dlc_host_call *call, void *);
dlc_status hostStringCopy(dlc_host_call *call, void *);
dlc_status hostStringGather(dlc_host_call *call, void *);
dlc_status hostNumbersToStrings(dlc_host_call *call, void *);
dlc_status hostStringsToNumbers(dlc_host_call *call, void *);
dlc_status hostStringConstant(dlc_host_call *call, void *);
dlc_status hostStringPick(dlc_host_call *call, void *);
dlc_status hostRegexMatch(dlc_host_call *call, void *);
dlc_status hostUnpackBits(dlc_host_call *call, void *);
dlc_status hostPackBits(dlc_host_call *call, void *);
dlc_status hostValueCopy(dlc_host_call *call, void *);
dlc_status hostCheckIndices(dlc_host_call *call, void *);
dlc_status hostScatterElements(dlc_host_call *call, void *);
dlc_status hostScatterND(dlc_host_call *call, void *);
dlc_status hostTopK(dlc_host_call *call, void *);

} // namespace dlc::rt
