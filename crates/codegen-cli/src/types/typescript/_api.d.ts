/** Members that the output of every model may have: URLs of what the job has made. */
export interface AnyOutput {
  image?: string;
  images?: string[];
  video?: string;
  videos?: string[];
  audio?: string;
  audios?: string[];
}

/** Response to a submit. */
export interface Submitted {
  request_id: string;
  status_url?: string;
  result_url?: string;
  cancel_url?: string;
}

/** Response to a request of a job's status. */
export interface JobStatus {
  request_id?: string;
  /** `in_queue`, `in_progress`, `completed`, `cancelled`, or another word for "not finished". */
  status: string;
  queue_position?: number;
  status_url?: string;
  result_url?: string;
}

/** Response to a request of a job's result. */
export interface Result<Output = AnyOutput> {
  request_id?: string;
  /** `succeeded`, `failed`, `cancelled`, or, while the job is not finished, another word. */
  status: string;
  output?: Output;
  /** Reason why the job failed: a text, an object or an array. */
  error?: unknown;
  created_at?: string;
  finished_at?: string;
}

/** Response to a request to cancel a job. */
export interface Cancelled {
  request_id?: string;
  status?: string;
  outcome: "cancelled" | "not_cancellable";
}
