namespace Crescent.Tests.Reference;

/// <summary>The router of DeepSeek, Kimi and Kimi-Linear.</summary>
/// <param name="Groups">1: no groups.</param>
/// <param name="IsSigmoid">Else softmax over all experts (DeepSeek-V2).</param>
internal sealed record ExpertRouter(int TopK, double Scale, bool IsSigmoid = true, bool Renormalizes = true, int Groups = 1, int GroupsUsed = 1)
{
    /// <summary>Experts and their weights.</summary>
    /// <param name="logits">[experts].</param>
    /// <param name="bias">[experts]? Moves the choice, not the weights.</param>
    public (int Expert, double Weight)[] Route(double[] logits, double[]? bias)
    {
        var scores = IsSigmoid ? [.. logits.Select(Vectors.Sigmoid)] : Vectors.Softmax(logits);
        var choice = bias is null ? [.. scores] : Vectors.Sum(scores, bias);
        if (Groups > 1)
        {
            var size = choice.Length / Groups;
            var best = choice.Chunk(size).Select(group => group.OrderDescending().Take(2).Sum()).ToArray();
            var kept = Vectors.Largest(best, GroupsUsed);
            choice = [.. choice.Select((value, expert) => kept.Contains(expert / size) ? value : double.NegativeInfinity)];
        }

        var chosen = Vectors.Largest(choice, TopK);
        var total = Renormalizes ? chosen.Sum(expert => scores[expert]) + 1e-20 : 1;
        return [.. chosen.Select(expert => (expert, scores[expert] / total * Scale))];
    }
}
