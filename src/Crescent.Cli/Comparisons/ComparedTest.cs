namespace Crescent.Cli.Comparisons;

/// <summary>What the runs say of one test.</summary>
/// <param name="Ratios">Ours over the peer's, of each pair.</param>
/// <param name="RatioOfMedians">Our median over the peer's.</param>
/// <param name="OurShare">Of the read bandwidth; null where it does not apply.</param>
/// <param name="PeerShare">Of the read bandwidth; null where it does not apply.</param>
internal sealed record ComparedTest(string Name, Spread Ours, Spread Peer, Spread Ratios, double RatioOfMedians, Spread? OurShare, Spread? PeerShare)
{
    /// <summary>The test over all complete pairs; null where it was not measured.</summary>
    /// <param name="figure">The test's figure of a run.</param>
    /// <param name="share">The share of bandwidth of a run.</param>
    public static ComparedTest? Of(string name, IReadOnlyList<ComparedRun> runs, Func<ComparedRun, double?> figure, Func<ComparedRun, double?> share)
    {
        var pairs = runs.GroupBy(run => run.Pair).Where(pair => pair.Count() == 2)
            .Select(pair => (Ours: pair.Single(run => run.IsOurs), Peer: pair.Single(run => !run.IsOurs)))
            .Where(pair => figure(pair.Ours) is not null && figure(pair.Peer) is not null)
            .ToArray();
        if (pairs.Length == 0)
        {
            return null;
        }

        var ours = Spread.Of(pairs.Select(pair => figure(pair.Ours)!.Value));
        var peer = Spread.Of(pairs.Select(pair => figure(pair.Peer)!.Value));
        return new ComparedTest(
            name,
            ours,
            peer,
            Spread.Of(pairs.Select(pair => figure(pair.Ours)!.Value / figure(pair.Peer)!.Value)),
            ours.Median / peer.Median,
            SpreadOfShares(pairs.Select(pair => share(pair.Ours))),
            SpreadOfShares(pairs.Select(pair => share(pair.Peer))));
    }

    private static Spread? SpreadOfShares(IEnumerable<double?> shares)
    {
        var known = shares.OfType<double>().ToArray();
        return known.Length > 0 ? Spread.Of(known) : null;
    }
}
