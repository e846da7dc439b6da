using System.Globalization;
using Crescent.Cli.Json;

namespace Crescent.Cli.Planning;

/// <summary>A plan for people.</summary>
internal static class PlanTable
{
    public static void Write(TextWriter output, PlanJson plan)
    {
        Head(output, plan);
        var budgets = plan.Budgets.Where(budget => budget.Plan is not null).ToArray();
        if (budgets.Length == 0)
        {
            return;
        }

        Division(output, budgets);
        Warnings(output, plan, budgets);
        Decode(output, plan, budgets);
        Terms(output, budgets);
        Prefill(output, plan, budgets);
        Contexts(output, budgets);
        Energy(output, budgets);
        Measured(output, budgets);
    }

    private static void Head(TextWriter output, PlanJson plan)
    {
        var (shape, rates) = (plan.Shape, plan.Rates);
        output.WriteLine($"{plan.Model}{(plan.Type is null ? "" : $", {plan.Type}")}{(plan.ResidentType is null ? "" : $", what every token needs in {plan.ResidentType}")}");
        Line(output, $"  experts        {Gb(shape.ExpertBytes)}: {shape.ExpertLayers} layers of {shape.Experts}, {shape.ExpertsPerToken} a token, {Gb(shape.ExpertBytesPerToken)} a token");
        Line(output, $"  resident       {Gb(shape.ResidentBytes)}: {string.Join(", ", shape.ResidentBytesByRole.OrderByDescending(role => role.Value).Select(role => $"{role.Key} {Gb(role.Value)}"))}");
        Line(output, $"  read as needed {Gb(shape.EmbeddingBytes)} of embedding rows");
        Line(output, $"  cache          {shape.KvBytesPerToken / 1e3:F1} kB a token{(shape.StateBytesPerSequence > 0 ? $", {shape.StateBytesPerSequence / 1e6:F0} MB a sequence" : "")}");
        Line(output, $"  machine        drive {string.Join(", ", rates.DriveGBps.Select(rate => rate.ToString("0.##", CultureInfo.InvariantCulture)))} GB/s ({rates.DriveSource}), memory {rates.MemoryGBps:F1} GB/s ({rates.MemorySource}), products {(double.IsFinite(rates.ComputeGmacs) ? $"{rates.ComputeGmacs:F0} GMAC/s" : "not counted")} ({rates.ComputeSource})");
        foreach (var budget in plan.Budgets.Where(budget => budget.Plan is null))
        {
            Line(output, $"  {Gb(budget.Memory)}: {PlanText.Refusal(budget)}");
        }
    }

    private static void Division(TextWriter output, PlanBudgetJson[] budgets)
    {
        output.WriteLine();
        output.WriteLine($"{"memory",10} {"resident",10} {"scratch",9} {"cache",9} {"runtime",9} {"free",9} {"experts",10} {"slots",6} {"share",7}");
        foreach (var (memory, plan) in budgets.Select(budget => (budget.Memory, budget.Plan!)))
        {
            Line(output, $"{Gb(memory),10} {Gb(plan.ResidentBytes),10} {Gb(plan.ScratchBytes),9} {Gb(plan.CacheBytes),9} {Gb(plan.RuntimeBytes),9} {Gb(plan.MarginBytes),9} {Gb(plan.SlotBytes),10} {plan.Slots,6} {plan.Share,7:P1}");
        }
    }

    private static void Warnings(TextWriter output, PlanJson plan, PlanBudgetJson[] budgets)
    {
        foreach (var budget in budgets.Where(budget => budget.Plan!.HasTooFewSlots))
        {
            Line(output, $"{Gb(budget.Memory),10}: warning: {budget.Plan!.Slots} slots a layer for the {plan.Shape.ExpertsPerToken} experts that a token takes: hardly any is still there for the next token (hit rate {budget.Plan.Share:P1})");
        }
    }

    private static void Measured(TextWriter output, PlanBudgetJson[] budgets)
    {
        foreach (var (budget, run) in budgets.Where(budget => budget.Measured is not null).Select(budget => (budget, budget.Measured!)))
        {
            output.WriteLine();
            Line(output, $"measured for {Gb(budget.Memory)}: the first {run.Layers} layers ({run.ExpertLayers} with experts, {Gb(run.Bytes)}) in {Gb(run.Memory)}, {run.Slots} slots a layer, drive {run.DriveGBps:0.##} GB/s");
            output.WriteLine($"{"",28} {"hit rate",9} {"predicted",10} {"measured",10}");
            Line(output, $"{"slice: decode, tok/s",-28} {run.HitRate,9:P0} {PlanText.Speed(run.PredictedTokensPerSecond),10} {PlanText.Speed(run.TokensPerSecond),10}");
            Line(output, $"{$"slice: prefill of {run.PrefillTokens}",-28} {"",9} {PlanText.Speed(run.PredictedPrefillTokensPerSecond),10} {PlanText.Speed(run.PrefillTokensPerSecond),10}");
            foreach (var whole in run.Whole)
            {
                Line(output, $"{$"all layers: {whole.Routing}",-28} {whole.HitRate,9:P0} {PlanText.Speed(whole.PredictedTokensPerSecond),10} {$"{PlanText.Speed(whole.TokensPerSecond)}*",10}");
            }

            Line(output, $"{$"all layers: prefill of {run.PrefillTokens}",-28} {"",9} {"",10} {$"{PlanText.Speed(run.WholePrefillTokensPerSecond)}*",10}");
            output.WriteLine("* extrapolated: the prediction, times what the slice reached of its own");
        }
    }

    private static void Decode(TextWriter output, PlanJson plan, PlanBudgetJson[] budgets)
    {
        var routings = budgets[0].Plan!.Decode.Select(decode => decode.Routing).Distinct().ToArray();
        output.WriteLine();
        output.WriteLine($"decode, tok/s at most, routing {string.Join(" / ", routings)}{(plan.HitRates == "trace" ? "" : $" (hit rate = share^{string.Join(" / ", Exponents(budgets[0]))})")}");
        output.WriteLine($"{"memory",10} {"hit rate",18}{string.Concat(plan.Rates.DriveGBps.Select(rate => string.Create(CultureInfo.InvariantCulture, $"{rate,14:0.##} GB/s")))}");
        foreach (var budget in budgets)
        {
            var decode = budget.Plan!.Decode;
            var hits = string.Join('/', routings.Select(routing => decode.First(row => row.Routing == routing).HitRate.ToString("P0", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal)));
            var speeds = plan.Rates.DriveGBps.Select(rate => string.Join('/', decode.Where(row => row.DriveGBps == rate).Select(row => PlanText.Speed(row.TokensPerSecond))));
            output.WriteLine($"{Gb(budget.Memory),10} {hits,18}{string.Concat(speeds.Select(text => $"{text,19}"))}");
        }
    }

    private static IEnumerable<string> Exponents(PlanBudgetJson budget) =>
        budget.Plan!.Decode.Select(decode => decode.Exponent).Distinct().Select(exponent => exponent?.ToString("0.##", CultureInfo.InvariantCulture) ?? "");

    private static void Terms(TextWriter output, PlanBudgetJson[] budgets)
    {
        output.WriteLine();
        output.WriteLine("where a token's time goes (ms); at most: the longest alone; expected, as runs so far: the drive, then the longer of the others");
        output.WriteLine($"{"memory",10} {"routing",10} {"drive GB/s",10} {"GB read",8} {"drive",9} {"memory",9} {"products",9} {"at most",8} {"expected",9}");
        foreach (var (budget, row) in budgets.SelectMany(budget => Middle(budget.Plan!.Decode).Select(row => (budget, row))))
        {
            Line(output, $"{Gb(budget.Memory),10} {row.Routing,10} {row.DriveGBps,10:0.##} {row.DriveBytesPerToken / 1e9,8:F2} {row.DriveSeconds * 1e3,9:F0} {row.MemorySeconds * 1e3,9:F0} {row.ComputeSeconds * 1e3,9:F0} {PlanText.Speed(row.TokensPerSecond),8} {PlanText.Speed(row.ExpectedTokensPerSecond),9}");
        }
    }

    // Of several routings the one in the middle.
    private static IEnumerable<PlanDecodeJson> Middle(IReadOnlyList<PlanDecodeJson> decode)
    {
        var routings = decode.Select(row => row.Routing).Distinct().ToArray();
        return decode.Where(row => row.Routing == routings[routings.Length / 2]);
    }

    private static void Prefill(TextWriter output, PlanJson plan, PlanBudgetJson[] budgets)
    {
        output.WriteLine();
        output.WriteLine("prefill, tok/s at most, slots empty / full");
        output.WriteLine($"{"memory",10} {"chunk",7} {"experts",8} {"GB read",8}{Drives(plan)}");
        foreach (var budget in budgets)
        {
            foreach (var chunk in budget.Plan!.Prefill.GroupBy(row => row.ChunkTokens))
            {
                var speeds = chunk.Select(row => $"{PlanText.Speed(row.ColdTokensPerSecond)}/{PlanText.Speed(row.WarmTokensPerSecond)}");
                Line(output, $"{Gb(budget.Memory),10} {chunk.Key,7} {chunk.First().DistinctExpertsPerLayer,8:F0} {chunk.First().ColdDriveBytes / 1e9,8:F0}{string.Concat(speeds.Select(text => $"{text,19}"))}");
            }
        }

        var first = budgets[0].Plan!.FirstToken[0];
        output.WriteLine();
        output.WriteLine($"first token of a prompt of {first.PromptTokens} tokens in chunks of {first.ChunkTokens}, seconds, slots empty / full");
        output.WriteLine($"{"memory",10}{Drives(plan)}");
        foreach (var budget in budgets)
        {
            output.WriteLine($"{Gb(budget.Memory),10}{string.Concat(budget.Plan!.FirstToken.Select(row => string.Create(CultureInfo.InvariantCulture, $"{$"{row.ColdSeconds:F1}/{row.WarmSeconds:F1}",19}")))}");
        }
    }

    private static string Drives(PlanJson plan) => string.Concat(plan.Rates.DriveGBps.Select(rate => string.Create(CultureInfo.InvariantCulture, $"{rate,14:0.##} GB/s")));

    private static void Contexts(TextWriter output, PlanBudgetJson[] budgets)
    {
        output.WriteLine();
        output.WriteLine("cache by context, and the slots a layer that it leaves");
        output.WriteLine($"{"tokens",10} {"cache",10}{string.Concat(budgets.Select(budget => $"{Gb(budget.Memory),10}"))}");
        foreach (var context in budgets[0].Plan!.Contexts)
        {
            var slots = budgets.Select(budget => budget.Plan!.Contexts.First(other => other.Tokens == context.Tokens).Slots);
            Line(output, $"{context.Tokens,10} {Gb(context.Bytes),10}{string.Concat(slots.Select(count => $"{(count > 0 ? count.ToString(CultureInfo.InvariantCulture) : "-"),10}"))}");
        }
    }

    private static void Energy(TextWriter output, PlanBudgetJson[] budgets)
    {
        if (budgets[0].Plan!.Decode[0].KwhPerMillionTokens is null)
        {
            return;
        }

        var hasCost = budgets[0].Plan!.Decode[0].CostPerMillionTokens is not null;
        output.WriteLine();
        output.WriteLine("energy of a million generated tokens");
        output.WriteLine($"{"memory",10} {"routing",10} {"drive GB/s",10} {"kWh",9}{(hasCost ? $" {"cost",9}" : "")}");
        foreach (var (budget, row) in budgets.SelectMany(budget => Middle(budget.Plan!.Decode).Select(row => (budget, row))))
        {
            Line(output, $"{Gb(budget.Memory),10} {row.Routing,10} {row.DriveGBps,10:0.##} {row.KwhPerMillionTokens,9:F1}{(hasCost ? string.Create(CultureInfo.InvariantCulture, $" {row.CostPerMillionTokens,9:F2}") : "")}");
        }
    }

    private static string Gb(long bytes) => PlanText.Gb(bytes);

    private static void Line(TextWriter output, FormattableString line) => output.WriteLine(FormattableString.Invariant(line).TrimEnd());
}
