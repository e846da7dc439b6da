namespace Crescent.Kernels.Storage;

/// <summary>Jobs that still have blocks to be started, in order; linked through the jobs, so that queueing allocates nothing. Not thread-safe.</summary>
internal sealed class ReadQueue
{
    private ReadJob? _last;

    public ReadJob? First { get; private set; }

    public void Add(ReadJob job)
    {
        job.Previous = _last;
        job.Next = null;
        if (_last is null)
        {
            First = job;
        }
        else
        {
            _last.Next = job;
        }

        _last = job;
    }

    public void Remove(ReadJob job)
    {
        if (job.Previous is null)
        {
            First = job.Next;
        }
        else
        {
            job.Previous.Next = job.Next;
        }

        if (job.Next is null)
        {
            _last = job.Previous;
        }
        else
        {
            job.Next.Previous = job.Previous;
        }

        job.Previous = null;
        job.Next = null;
    }
}
