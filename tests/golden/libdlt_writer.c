/* Writes one message of each argument type with the incumbent's own library (Debian: libdlt-dev 2.18.8) into a file.
 *   cc libdlt_writer.c -o writer -ldlt && ./writer libdlt.dlt
 * Used by make_text_golden.py; not part of the build. */
#include <dlt/dlt.h>
#include <stdint.h>

DLT_DECLARE_CONTEXT(ctx)

#define MESSAGE(level, write)                                      \
  do {                                                             \
    DltContextData data;                                           \
    if (dlt_user_log_write_start(&ctx, &data, level) > 0) {        \
      write;                                                       \
      dlt_user_log_write_finish(&data);                            \
    }                                                              \
  } while (0)

int main(int argc, char** argv) {
  const uint8_t bytes[] = {0, 1, 2, 0xfe, 0xff, 0x7f, 0x80, 9};
  if (argc != 2 || dlt_init_file(argv[1]) < 0) return 2;
  dlt_set_filesize_max(1000000);
  DLT_REGISTER_APP("GOLD", "golden bytes");
  DLT_REGISTER_CONTEXT_LL_TS(ctx, "TYPE", "argument types", DLT_LOG_VERBOSE, DLT_TRACE_STATUS_ON);
  MESSAGE(DLT_LOG_FATAL, dlt_user_log_write_string(&data, "a string"));
  MESSAGE(DLT_LOG_ERROR, dlt_user_log_write_utf8_string(&data, "gr\xc3\xbc\xc3\x9f dich"));
  MESSAGE(DLT_LOG_WARN, dlt_user_log_write_constant_string(&data, "constant"));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_string(&data, "two\nlines\r\n and a tab\t."));
  MESSAGE(DLT_LOG_DEBUG, dlt_user_log_write_bool(&data, 1));
  MESSAGE(DLT_LOG_VERBOSE, dlt_user_log_write_bool(&data, 0));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_int(&data, -1));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_int8(&data, INT8_MIN));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_int16(&data, INT16_MIN));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_int32(&data, INT32_MIN));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_int64(&data, INT64_MIN));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint(&data, 1));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint8(&data, UINT8_MAX));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint16(&data, UINT16_MAX));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint32(&data, UINT32_MAX));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint64(&data, UINT64_MAX));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint8_formatted(&data, 0xa5, DLT_FORMAT_HEX8));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint16_formatted(&data, 0xa5, DLT_FORMAT_HEX16));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint32_formatted(&data, 0xa5, DLT_FORMAT_HEX32));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint64_formatted(&data, 0xa5, DLT_FORMAT_HEX64));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint8_formatted(&data, 0xa5, DLT_FORMAT_BIN8));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint16_formatted(&data, 0xa5, DLT_FORMAT_BIN16));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_ptr(&data, (void*)0x7f00deadbeef));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_float32(&data, 3.14159274f));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_float64(&data, -2.5e-300));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_raw(&data, (void*)bytes, sizeof bytes));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_raw_formatted(&data, (void*)bytes, sizeof bytes, DLT_FORMAT_HEX8));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_raw_formatted(&data, (void*)bytes, sizeof bytes, DLT_FORMAT_HEX64));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_raw_formatted(&data, (void*)bytes, sizeof bytes, DLT_FORMAT_BIN16));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_bool_attr(&data, 1, "flag"));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_int32_attr(&data, -7, "speed", "km/h"));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_uint64_attr(&data, 7, "distance", "m"));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_float32_attr(&data, 1.5f, "temperature", "deg C"));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_float64_attr(&data, 1.25, "ratio", NULL));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_string_attr(&data, "value", "name"));
  MESSAGE(DLT_LOG_INFO, dlt_user_log_write_raw_attr(&data, (void*)bytes, sizeof bytes, "blob"));
  MESSAGE(DLT_LOG_INFO, (dlt_user_log_write_string(&data, "several"), dlt_user_log_write_int(&data, 1),
                         dlt_user_log_write_bool(&data, 1), dlt_user_log_write_float64(&data, 0.5)));
  {
    DltContextData data;
    if (dlt_user_log_write_start_id(&ctx, &data, DLT_LOG_INFO, 1000) > 0) {
      dlt_nonverbose_mode();
      dlt_user_log_write_int(&data, 5);
      dlt_user_log_write_finish(&data);
      dlt_verbose_mode();
    }
  }
  DLT_LOG_STRING_INT(ctx, DLT_LOG_INFO, "macro", 42);
  DLT_UNREGISTER_CONTEXT(ctx);
  DLT_UNREGISTER_APP();
  dlt_free();
  return 0;
}
