namespace Crescent.Text.Grammars;

/// <summary>The fewest tokens from each node to the end of its rule, along the ways that lexemes name.</summary>
internal static class GrammarCosts
{
    /// <summary><see cref="Nfa.Unreachable"/> where a rule never ends. Dijkstra's algorithm over rules (Knuth 1977): a call needs the cost of its rule and of what follows it.</summary>
    public static int[] Find(GrammarNode[] nodes, int[] entries, int[] lexemeCosts)
    {
        var costs = new int[nodes.Length];
        Array.Fill(costs, Nfa.Unreachable);
        var users = Users(nodes, entries);
        var queue = new PriorityQueue<int, int>();
        var isFinal = new bool[nodes.Length];
        queue.Enqueue(0, 0);
        while (queue.TryDequeue(out var node, out var cost))
        {
            if (isFinal[node])
            {
                continue;
            }

            (isFinal[node], costs[node]) = (true, cost);
            foreach (var user in users[node])
            {
                var total = nodes[user].Kind switch
                {
                    GrammarNodeKind.Choice => (long)cost,
                    GrammarNodeKind.Call => (long)costs[entries[nodes[user].Value]] + costs[nodes[user].Next],
                    GrammarNodeKind.Markers => cost + 1L,
                    _ => (long)cost + lexemeCosts[nodes[user].Value],
                };
                if (!isFinal[user] && total < Nfa.Unreachable)
                {
                    queue.Enqueue(user, (int)total);
                }
            }
        }

        return costs;
    }

    /// <summary>A rule that can begin with itself before anything is read; null where there is none.</summary>
    public static int? LeftRecursive(GrammarNode[] nodes, int[] entries, int[] costs)
    {
        var first = entries.Select(entry => entry < 0 ? [] : FirstCalls(nodes, entries, costs, entry)).ToArray();
        var callers = new int[entries.Length];
        foreach (var rule in first.SelectMany(rules => rules))
        {
            callers[rule]++;
        }

        // What is left when rules that none begins with are taken away, again and again, is a circle.
        var open = new Queue<int>(Enumerable.Range(0, entries.Length).Where(rule => callers[rule] == 0));
        var removed = 0;
        for (; open.TryDequeue(out var rule); removed++)
        {
            foreach (var called in first[rule])
            {
                if (--callers[called] == 0)
                {
                    open.Enqueue(called);
                }
            }
        }

        return removed == entries.Length ? null : Array.FindIndex(callers, count => count > 0);
    }

    // Rules that are called before anything is read. What costs no token can be empty.
    private static HashSet<int> FirstCalls(GrammarNode[] nodes, int[] entries, int[] costs, int entry)
    {
        var calls = new HashSet<int>();
        var seen = new HashSet<int>();
        var open = new Stack<int>([entry]);
        while (open.TryPop(out var index))
        {
            var node = nodes[index];
            if (!seen.Add(index) || costs[index] >= Nfa.Unreachable)
            {
                continue;
            }

            switch (node.Kind)
            {
                case GrammarNodeKind.Choice:
                    foreach (var option in node.Options!)
                    {
                        open.Push(option);
                    }

                    break;
                case GrammarNodeKind.Call:
                    calls.Add(node.Value);
                    if (costs[entries[node.Value]] == 0)
                    {
                        open.Push(node.Next);
                    }

                    break;
                case GrammarNodeKind.Lexeme when costs[index] == costs[node.Next]:
                    open.Push(node.Next);
                    break;
            }
        }

        return calls;
    }

    // Nodes whose cost depends on a node's.
    private static List<int>[] Users(GrammarNode[] nodes, int[] entries)
    {
        var users = new List<int>[nodes.Length];
        for (var index = 0; index < nodes.Length; index++)
        {
            users[index] = [];
        }

        for (var index = 0; index < nodes.Length; index++)
        {
            if (nodes[index].Next >= 0)
            {
                users[nodes[index].Next].Add(index);
            }

            if (nodes[index].Kind == GrammarNodeKind.Call)
            {
                users[entries[nodes[index].Value]].Add(index);
            }

            foreach (var option in nodes[index].Options ?? [])
            {
                users[option].Add(index);
            }
        }

        return users;
    }
}
