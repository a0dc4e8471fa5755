// report: figures of a model on held-out texts.
#include "text/train/report.h"

#include "base/mem.h"
#include "text/languages.h"

#include <math.h>
#include <string.h>

// Where the fast path begins (architecture.md, stage 7).
#define SURE 0.90

#define BINS_COUNT 10u

// Of one language, or of all.
typedef struct {
    uint32_t count;
    uint32_t right_count;
    uint32_t new_count; // not repeated
    uint32_t new_right_count;
    uint32_t sure_count;
    uint32_t sure_right_count;
} tally_t;

typedef struct {
    uint32_t count;
    uint32_t right_count;
    double confidence_sum;
} bin_t;

struct act_report {
    tally_t languages[ACT_LANGUAGES_COUNT];
    tally_t total;
    bin_t bins[BINS_COUNT];
};

act_report_t *act_report_new(void)
{
    return act_alloc(sizeof(act_report_t));
}

void act_report_destroy(act_report_t **self_p)
{
    act_free(act_take(self_p));
}

static void tally(tally_t *self, const act_report_answer_t *answer)
{
    self->count++;
    self->right_count += answer->is_right;
    self->new_count += !answer->is_repeated;
    self->new_right_count += answer->is_right && !answer->is_repeated;
    self->sure_count += answer->confidence >= SURE;
    self->sure_right_count += answer->is_right && answer->confidence >= SURE;
}

void act_report_add(act_report_t *self, const act_report_answer_t *answer)
{
    if (answer->language < ACT_LANGUAGES_COUNT)
        tally(&self->languages[answer->language], answer);
    tally(&self->total, answer);
    uint32_t bin = (uint32_t)(fmin(fmax(answer->confidence, 0), 0.999999) * BINS_COUNT);
    self->bins[bin].count++;
    self->bins[bin].right_count += answer->is_right;
    self->bins[bin].confidence_sum += answer->confidence;
}

static double pct(uint32_t part, uint32_t whole)
{
    return whole ? 100.0 * part / whole : 0;
}

// Expected calibration error: how far confidence and truth are apart, on average.
static double calibration_error_pct(const act_report_t *self)
{
    double sum = 0;
    for (uint32_t i = 0; i < BINS_COUNT; i++)
        sum += fabs(self->bins[i].confidence_sum - self->bins[i].right_count);
    return self->total.count ? 100 * sum / self->total.count : 0;
}

// --- tables --------------------------------------------------------------------------------------

static void print_tally(const char *name, const tally_t *row, bool is_markdown, FILE *out)
{
    fprintf(out,
            is_markdown ? "| %s | %u | %.1f | %.1f | %.1f | %.1f |\n"
                        : "%-8s %6u %9.1f %9.1f %9.1f %9.1f\n",
            name, row->count, pct(row->right_count, row->count),
            pct(row->new_right_count, row->new_count), pct(row->sure_count, row->count),
            pct(row->sure_right_count, row->sure_count));
}

static void print_bins(const act_report_t *self, bool is_markdown, FILE *out)
{
    fputs(is_markdown
              ? "\n| confidence | texts | mean confidence % | right % |\n|---|---|---|---|\n"
              : "\nconfidence   texts      mean     right\n",
          out);
    for (uint32_t i = 0; i < BINS_COUNT; i++) {
        const bin_t *bin = &self->bins[i];
        if (bin->count == 0)
            continue;
        fprintf(out,
                is_markdown ? "| %.1f to %.1f | %u | %.1f | %.1f |\n"
                            : "%.1f - %.1f  %8u %9.1f %9.1f\n",
                i / (double)BINS_COUNT, (i + 1) / (double)BINS_COUNT, bin->count,
                100 * bin->confidence_sum / bin->count, pct(bin->right_count, bin->count));
    }
    fprintf(out, "\nExpected calibration error: %.1f %%\n", calibration_error_pct(self));
}

static void print_table(const act_report_t *self, bool is_markdown, FILE *out)
{
    fputs(is_markdown
              ? "| language | texts | right % | right %, new words only | sure (>= 0.90) % | "
                "right when sure % |\n|---|---|---|---|---|---|\n"
              : "language  texts     right right,new      sure right,sure\n",
          out);
    for (uint32_t l = 0; l < ACT_LANGUAGES_COUNT; l++)
        if (self->languages[l].count > 0)
            print_tally(act_language_code(l), &self->languages[l], is_markdown, out);
    print_tally("all", &self->total, is_markdown, out);
    print_bins(self, is_markdown, out);
}

// --- JSON ----------------------------------------------------------------------------------------

static void print_tally_json(const char *name, const tally_t *row, FILE *out)
{
    fprintf(out,
            "\"%s\":{\"texts\":%u,\"right_pct\":%.2f,\"right_new_pct\":%.2f,\"sure_pct\":%.2f,"
            "\"right_sure_pct\":%.2f}",
            name, row->count, pct(row->right_count, row->count),
            pct(row->new_right_count, row->new_count), pct(row->sure_count, row->count),
            pct(row->sure_right_count, row->sure_count));
}

static void print_json(const act_report_t *self, FILE *out)
{
    fputs("{\"languages\":{", out);
    for (uint32_t l = 0; l < ACT_LANGUAGES_COUNT; l++) {
        if (self->languages[l].count == 0)
            continue;
        print_tally_json(act_language_code(l), &self->languages[l], out);
        fputc(',', out);
    }
    print_tally_json("all", &self->total, out);
    fputs("},\"bins\":[", out);
    for (uint32_t i = 0; i < BINS_COUNT; i++)
        fprintf(out, "%s{\"from\":%.1f,\"texts\":%u,\"mean_pct\":%.2f,\"right_pct\":%.2f}",
                i ? "," : "", i / (double)BINS_COUNT, self->bins[i].count,
                self->bins[i].count ? 100 * self->bins[i].confidence_sum / self->bins[i].count : 0,
                pct(self->bins[i].right_count, self->bins[i].count));
    fprintf(out, "],\"calibration_error_pct\":%.2f}", calibration_error_pct(self));
}

void act_report_print(const act_report_t *self, act_report_format_t format, FILE *out)
{
    if (format == ACT_REPORT_JSON)
        print_json(self, out);
    else
        print_table(self, format == ACT_REPORT_MARKDOWN, out);
}

act_report_format_t act_report_format(const char *argument)
{
    if (argument && strcmp(argument, "--json") == 0)
        return ACT_REPORT_JSON;
    return argument && strcmp(argument, "--markdown") == 0 ? ACT_REPORT_MARKDOWN : ACT_REPORT_TEXT;
}
