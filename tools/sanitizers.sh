# How the sanitizers report: sourced from the root by whatever runs their builds. The first finding ends the program.
# With SANITIZER_REPORTS set, findings go to files in that folder instead of standard error.
to=''
[ -z "${SANITIZER_REPORTS:-}" ] || to=":log_path=$SANITIZER_REPORTS/report"
export ASAN_OPTIONS="detect_leaks=1:halt_on_error=1:abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1$to"
export LSAN_OPTIONS="suppressions=$PWD/tools/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1$to"
export TSAN_OPTIONS="halt_on_error=1:die_after_fork=0:ignore_noninstrumented_modules=1:second_deadlock_stack=1:suppressions=$PWD/tools/tsan.supp$to"
