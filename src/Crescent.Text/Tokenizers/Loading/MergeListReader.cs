namespace Crescent.Text.Tokenizers;

/// <summary>Turns merges of spelled tokens into ranks of id pairs.</summary>
internal sealed class MergeListReader(Dictionary<string, int> ids, string where)
{
    public PairRanks Read(IEnumerable<(string Left, string Right)> merges, int count)
    {
        var ranks = new PairRanks(count);
        var rank = 0;
        foreach (var (left, right) in merges)
        {
            ranks.Add(rank, Find(left, rank), Find(right, rank), Find(left + right, rank));
            rank++;
        }

        return ranks;
    }

    /// <summary>"left right"; the space is the first one after the first character.</summary>
    public (string Left, string Right) Split(string merge, int rank)
    {
        var space = merge.Length > 2 ? merge.IndexOf(' ', 1) : -1;
        return space > 0 && space < merge.Length - 1
            ? (merge[..space], merge[(space + 1)..])
            : throw new TokenizerException($"{where}: merge {rank} is \"{merge}\", expected two tokens separated by a space");
    }

    private int Find(string token, int rank) =>
        ids.TryGetValue(token, out var id)
            ? id
            : throw new TokenizerException($"{where}: merge {rank} needs \"{token}\", which is not in the vocabulary of {ids.Count} tokens");
}
