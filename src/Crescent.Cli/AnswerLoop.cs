using Crescent.Engine.Runtime;

namespace Crescent.Cli;

/// <summary>Generates one answer to its end.</summary>
internal static class AnswerLoop
{
    /// <param name="sequence">The generator's.</param>
    /// <param name="printer">Shows the answer as it grows; null where it is wanted whole.</param>
    /// <returns>What it took.</returns>
    public static RunReport Run(Generator generator, Sequence sequence, ModelSession session, AnswerText answer, AnswerPrinter? printer, CancellationToken cancellation)
    {
        session.Model.Cancellation = cancellation;
        var report = new RunReport(sequence, session);
        while (sequence.FinishReason is null)
        {
            if (cancellation.IsCancellationRequested)
            {
                Generator.Cancel(sequence);
            }

            generator.Step();
            report.Observe();
            Emit();
        }

        Emit();
        return report;

        void Emit()
        {
            var events = answer.Take();
            printer?.Write(events);
        }
    }
}
