/* Runs compiled code as chainrule does: @step once, or @stretch by several threads.

   On its input are numbers and then memory: how many bytes the arena has, data sets, rows, steps, totals, threads, and
   bytes each data set has; the arena, the data sets, the rows. Its output is the arena, the totals, and the mark of an
   access outside a buffer. Memory ends where a page begins that cannot be read. */

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef MICROSOFT
#define ABI __attribute__((ms_abi))
__asm__(".globl __chkstk\n__chkstk: ret\n");
#else
#define ABI
#endif

extern void ABI step(void *) __attribute__((weak));
extern void ABI stretch(void *, void **, int64_t *, int64_t, double *, int64_t, int64_t) __attribute__((weak));
extern void *yield __attribute__((weak));
extern int64_t outside;

enum { ARENA, DATA, ROWS, STEPS, TOTALS, THREADS, SIZES };

static int64_t numbers[SIZES + 16];
static void *arena, *data[16];
static int64_t *rows;
static double totals[16];

static void ABI hand_over(void) { sched_yield(); }

static void *get(int64_t size) {
  int64_t page = sysconf(_SC_PAGESIZE), pages = (size / page + 1) * page;
  char *block = mmap(NULL, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED || mprotect(block + page, pages, PROT_READ | PROT_WRITE)) exit(2);
  char *place = block + page + pages - size;
  if (fread(place, 1, size, stdin) != (size_t)size) exit(3);
  return place;
}

static void *run(void *number) {
  stretch(arena, data, rows, numbers[STEPS], totals, (intptr_t)number, numbers[THREADS]);
  return NULL;
}

int main(void) {
  if (fread(numbers, sizeof *numbers, SIZES, stdin) != SIZES) return 4;
  if (fread(numbers + SIZES, sizeof *numbers, numbers[DATA], stdin) != (size_t)numbers[DATA]) return 4;
  arena = get(numbers[ARENA]);
  for (int n = 0; n < numbers[DATA]; n++) data[n] = get(numbers[SIZES + n]);
  rows = get(8 * numbers[ROWS]);
  if (&yield) yield = (void *)hand_over;
  if (numbers[DATA]) {
    pthread_t threads[16];
    for (intptr_t n = 1; n < numbers[THREADS]; n++)
      if (pthread_create(&threads[n], NULL, run, (void *)n)) return 5;
    run(0);
    for (int n = 1; n < numbers[THREADS]; n++) pthread_join(threads[n], NULL);
  } else {
    step(arena);
  }
  fwrite(arena, 1, numbers[ARENA], stdout);
  fwrite(totals, sizeof *totals, numbers[TOTALS], stdout);
  fwrite(&outside, sizeof outside, 1, stdout);
  return fflush(stdout) ? 6 : 0;
}
