namespace Crescent.Training.Layers;

/// <summary>Where the tokens' choices lie, sorted by expert: the slots of an expert follow each other, in the order of the tokens.</summary>
internal sealed class ExpertSlots(int experts, int maxTokens, int topK)
{
    /// <summary>[experts + 1]: an expert's first slot; at the end all slots.</summary>
    public int[] First { get; } = new int[experts + 1];

    /// <summary>[tokens, topK]: chosen experts.</summary>
    public int[] Chosen { get; } = new int[maxTokens * topK];

    /// <summary>[tokens, topK]: the slot of each choice.</summary>
    public int[] SlotOf { get; } = new int[maxTokens * topK];

    /// <summary>[slots]: index of the choice, token · topK + k.</summary>
    public int[] ChoiceOf { get; } = new int[maxTokens * topK];

    public int CountOf(int expert) => First[expert + 1] - First[expert];

    /// <summary>Sorts the choices of <paramref name="tokens"/> tokens.</summary>
    public void Sort(int tokens)
    {
        Array.Clear(First);
        var choices = Chosen.AsSpan(0, tokens * topK);
        foreach (var expert in choices)
        {
            First[expert + 1]++;
        }

        for (var e = 0; e < experts; e++)
        {
            First[e + 1] += First[e];
        }

        Span<int> next = stackalloc int[experts];
        First.AsSpan(0, experts).CopyTo(next);
        for (var i = 0; i < choices.Length; i++)
        {
            var slot = next[choices[i]]++;
            SlotOf[i] = slot;
            ChoiceOf[slot] = i;
        }
    }
}
