// eval_report: one row an intent, one row a bin.
#include "eval_report.h"

#include <inttypes.h>
#include <stdio.h>

#define BIN_PCT 10

static const struct {
    const char *name, *title;
} sources[EVAL_SOURCES_COUNT] = {
    [EVAL_HELD_OUT] = {"held_out", "Held-out utterances, built-in classifier"},
    [EVAL_BUILTIN] = {"builtin", "Turns whose flow an intent began, built-in classifier"},
    [EVAL_MODEL] = {"model", "Turns whose flow an intent began, the model"},
};

const char *eval_source_name(eval_source_t source)
{
    return sources[source].name;
}

calibration_t eval_evidence(const eval_intent_t *intent)
{
    calibration_t all = intent->by_source[EVAL_HELD_OUT];
    calibration_add_all(&all, &intent->by_source[EVAL_BUILTIN]);
    return all;
}

static calibration_t of_source(const eval_t *self, eval_source_t source)
{
    calibration_t all = {0};
    for (uint32_t i = 0; i < INTENTS_COUNT; i++)
        calibration_add_all(&all, &self->intents[i].by_source[source]);
    return all;
}

static uint64_t count_of(const calibration_t *calibration)
{
    return calibration_bin(calibration, 0, CALIBRATION_PCTS).count;
}

static uint32_t pct_of(double threshold)
{
    return (uint32_t)(threshold * CALIBRATION_PCTS + 0.5);
}

// --- text ----------------------------------------------------------------------------------------

static void print_from(const calibration_t *all, uint32_t pct)
{
    calibration_bin_t above = calibration_bin(all, pct, CALIBRATION_PCTS);
    double covered = count_of(all) > 0 ? 100.0 * (double)above.count / (double)count_of(all) : 0;
    printf("  %4.2f %6.1f %7.1f", (double)pct / CALIBRATION_PCTS, 100 * above.share_right, covered);
}

static void print_intents(const eval_t *self, eval_source_t source)
{
    printf("%-20s %6s %7s %6s  %19s\n", "intent", "said", "right %", "ECE %",
           "now precise covered %");
    for (uint32_t i = 0; i < INTENTS_COUNT; i++) {
        const calibration_t *one = &self->intents[i].by_source[source];
        calibration_bin_t all = calibration_bin(one, 0, CALIBRATION_PCTS);
        if (all.count == 0)
            continue;
        printf("%-20s %6" PRIu64 " %7.1f %6.1f", intents_names[i], all.count, 100 * all.share_right,
               100 * calibration_error(one));
        print_from(one, pct_of(self->intents[i].threshold));
        printf("\n");
    }
}

static void print_bins(const calibration_t *all)
{
    printf("\n%-12s %6s %7s %7s\n", "confidence", "said", "mean %", "right %");
    for (uint32_t pct = 0; pct < CALIBRATION_PCTS; pct += BIN_PCT) {
        calibration_bin_t bin = calibration_bin(all, pct, pct + BIN_PCT);
        if (bin.count > 0)
            printf("%.1f to %.1f   %6" PRIu64 " %7.1f %7.1f\n", pct / 100.0,
                   (pct + BIN_PCT) / 100.0, bin.count, 100 * bin.mean_confidence,
                   100 * bin.share_right);
    }
}

static void print_source(const eval_t *self, eval_source_t source)
{
    calibration_t all = of_source(self, source);
    printf("%s: ", sources[source].title);
    if (count_of(&all) == 0) {
        printf("none\n\n");
        return;
    }
    printf("%" PRIu64 ", expected calibration error %.1f %%\n\n", count_of(&all),
           100 * calibration_error(&all));
    print_intents(self, source);
    print_bins(&all);
    printf("\n");
}

static void print_proposals(const eval_t *self)
{
    printf("Thresholds of %s, lowest that are right in %.1f %%\n\n", self->tenant,
           100 * self->precision);
    printf("%-20s %-8s %s\n", "intent", "now", "proposed, precise, covered %");
    for (uint32_t i = 0; i < INTENTS_COUNT; i++) {
        const eval_intent_t *intent = &self->intents[i];
        calibration_t evidence = eval_evidence(intent);
        printf("%-20s %.2f%-4s", intents_names[i], intent->threshold, intent->is_own ? " own" : "");
        if (intent->has_proposal)
            print_from(&evidence, intent->proposed_pct);
        else
            printf("  none: too few answers, or the surest are not right enough");
        printf("\n");
    }
}

void eval_print(const eval_t *self)
{
    for (uint32_t source = 0; source < EVAL_SOURCES_COUNT; source++)
        print_source(self, (eval_source_t)source);
    print_proposals(self);
}

// --- JSON ----------------------------------------------------------------------------------------

static void print_json_calibration(const calibration_t *one, uint32_t threshold_pct)
{
    calibration_bin_t all = calibration_bin(one, 0, CALIBRATION_PCTS);
    calibration_bin_t above = calibration_bin(one, threshold_pct, CALIBRATION_PCTS);
    const char *comma = "";
    printf("{\"count\":%" PRIu64 ",\"right_count\":%" PRIu64 ",\"error\":%.4f,"
           "\"above_count\":%" PRIu64 ",\"above_precision\":%.4f,\"bins\":[",
           all.count, all.right_count, calibration_error(one), above.count, above.share_right);
    for (uint32_t pct = 0; pct < CALIBRATION_PCTS; pct += BIN_PCT) {
        calibration_bin_t bin = calibration_bin(one, pct, pct + BIN_PCT);
        if (bin.count == 0)
            continue;
        printf("%s{\"from\":%.1f,\"count\":%" PRIu64 ",\"mean\":%.4f,\"right\":%.4f}", comma,
               pct / 100.0, bin.count, bin.mean_confidence, bin.share_right);
        comma = ",";
    }
    printf("]}");
}

static void print_json_intent(const eval_t *self, uint32_t index)
{
    const eval_intent_t *intent = &self->intents[index];
    printf("%s\"%s\":{\"threshold\":%.2f,\"is_own\":%s,\"abandoned_count\":%" PRIu64
           ",\"handed_over_count\":%" PRIu64 ",\"proposed\":",
           index > 0 ? "," : "", intents_names[index], intent->threshold,
           intent->is_own ? "true" : "false", intent->abandoned_count, intent->handed_over_count);
    if (intent->has_proposal)
        printf("%.2f", intent->proposed_pct / 100.0);
    else
        printf("null");
    for (uint32_t source = 0; source < EVAL_SOURCES_COUNT; source++) {
        printf(",\"%s\":", sources[source].name);
        print_json_calibration(&intent->by_source[source], pct_of(intent->threshold));
    }
    printf("}");
}

void eval_print_json(const eval_t *self)
{
    printf("{\"tenant\":\"%s\",\"days\":%" PRId64 ",\"precision\":%.4f,\"all\":{", self->tenant,
           self->days, self->precision);
    for (uint32_t source = 0; source < EVAL_SOURCES_COUNT; source++) {
        calibration_t all = of_source(self, (eval_source_t)source);
        printf("%s\"%s\":", source > 0 ? "," : "", sources[source].name);
        print_json_calibration(&all, /* threshold_pct= */ 90);
    }
    printf("},\"intents\":{");
    for (uint32_t i = 0; i < INTENTS_COUNT; i++)
        print_json_intent(self, i);
    printf("}}\n");
}
