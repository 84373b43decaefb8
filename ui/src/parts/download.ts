/** Hand a file to the browser. */
export function download(made: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(made);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function downloadText(text: string, name: string, type: string): void {
  download(new Blob([text], { type: `${type};charset=utf-8` }), name);
}
